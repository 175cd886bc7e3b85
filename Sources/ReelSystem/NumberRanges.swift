/// Many numbers in few characters: `1-5,7,9-12`.
package enum NumberRanges {
    /// - Parameters:
    ///   - numbers: in any order.
    ///   - sizeMaxBytes: what would be longer ends in `…`.
    package static func text(_ numbers: [UInt64], sizeMaxBytes: Int = 1_000) -> String {
        var text = ""
        var rest = numbers.sorted()[...]
        while let first = rest.popFirst() {
            var last = first
            while let next = rest.first, next <= last + 1 {
                last = next
                rest.removeFirst()
            }
            let piece = first == last ? "\(first)" : "\(first)-\(last)"
            guard text.utf8.count + piece.utf8.count < sizeMaxBytes else { return text + ",…" }
            text += (text.isEmpty ? "" : ",") + piece
        }
        return text
    }
}
