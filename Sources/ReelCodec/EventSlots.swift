/// Where on the tape the few values of one event lie that facts are made of. For a repeated name the last one counts,
/// as in JSON.parse.
struct EventSlots: MemberObserver {
    static var depthMax: Int { 2 }
    /// Stands for a member that is not there.
    static let none = -1

    private(set) var type = none
    private(set) var timestamp = none
    private(set) var data = DataSlots()
    private var isInData = false

    /// Members of `data`.
    struct DataSlots {
        fileprivate(set) var source = none
        fileprivate(set) var type = none
        fileprivate(set) var href = none
        fileprivate(set) var width = none
        fileprivate(set) var height = none
        fileprivate(set) var tag = none
        fileprivate(set) var plugin = none
        fileprivate(set) var payload = none
    }

    mutating func member(named name: UnsafeBufferPointer<UInt8>, depth: Int, value: Int) {
        if depth == 1 {
            isInData = false
            if name.isName("type") {
                type = value
            } else if name.isName("timestamp") {
                timestamp = value
            } else if name.isName("data") {
                data = DataSlots()
                isInData = true
            }
        } else if isInData {
            switch name.count {
            case 3 where name.isName("tag"): data.tag = value
            case 4 where name.isName("type"): data.type = value
            case 4 where name.isName("href"): data.href = value
            case 5 where name.isName("width"): data.width = value
            case 6 where name.isName("source"): data.source = value
            case 6 where name.isName("height"): data.height = value
            case 6 where name.isName("plugin"): data.plugin = value
            case 7 where name.isName("payload"): data.payload = value
            case 8...: escapedMember(name, value)
            default: break
            }
        }
    }

    /// A name with an escape in it is longer than what it stands for.
    private mutating func escapedMember(_ name: UnsafeBufferPointer<UInt8>, _ value: Int) {
        if name.isName("tag") { data.tag = value }
        if name.isName("type") { data.type = value }
        if name.isName("href") { data.href = value }
        if name.isName("width") { data.width = value }
        if name.isName("source") { data.source = value }
        if name.isName("height") { data.height = value }
        if name.isName("plugin") { data.plugin = value }
        if name.isName("payload") { data.payload = value }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether a member's name, as it stands between its quotes, is this one once escapes are resolved.
    @inline(__always) func isName(_ name: StaticString) -> Bool {
        if count == name.utf8CodeUnitCount {
            for index in 0..<count where self[index] != name.utf8Start[index] { return false }
            return true
        }
        // A character takes six bytes at most when escaped.
        guard count > name.utf8CodeUnitCount, count <= 6 * name.utf8CodeUnitCount else { return false }
        return contains(UInt8(ascii: "\\")) && JSONEscapes.decode(self) == name.description
    }
}
