/// A small JSON text as values: metadata, requests, settings. Events never become values.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As it is written, so that nothing is lost.
    case number(String)
    /// A lone surrogate is U+FFFD.
    case string(String)
    case array([JSONValue])
    /// In the order they were written; of a repeated name, all.
    case object([Member])

    /// One member of an object.
    package struct Member: Sendable, Equatable {
        /// Escapes resolved.
        package var name: String
        /// What it names.
        package var value: JSONValue

        /// A member to be written.
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// 1 MiB.
    package static let sizeMaxBytesDefault = 1 << 20
    /// 32 arrays and objects in one another.
    package static let depthMaxDefault = 32

    /// Reads one JSON text, as strictly as events are read.
    ///
    /// - Parameters:
    ///   - sizeMaxBytes: of the text; less than 4 GiB.
    ///   - depthMax: arrays and objects in one another, up to 512.
    /// - Throws: what is wrong with it and where.
    package init(
        parsing text: [UInt8], sizeMaxBytes: Int = sizeMaxBytesDefault, depthMax: Int = depthMaxDefault
    ) throws(JSONFault) {
        precondition(depthMax <= JSONIndexer.depthMax)
        guard text.count <= sizeMaxBytes else { throw JSONFault(.tooLong, at: sizeMaxBytes) }
        let indexer = JSONIndexer()
        let result = text.withUnsafeBufferPointer { text -> Result<JSONValue, JSONFault> in
            do throws(JSONFault) {
                var tape = try indexer.tape(of: text)
                try tape.walk(depthMax: depthMax)
                try tape.expectEnd()
                return .success(JSONValue(tape, at: 0))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// The value at a position of a tape that was walked.
    private init(_ tape: borrowing JSONTape, at index: Int) {
        if let content = tape.string(at: index) {
            self = .string(JSONEscapes.decode(content))
            return
        }
        switch tape[index] {
        case UInt8(ascii: "{"):
            var members: [Member] = []
            tape.forEachMember(ofObjectAt: index) { name, value in
                members.append(Member(JSONEscapes.decode(name), JSONValue(tape, at: value)))
            }
            self = .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            tape.forEachElement(ofArrayAt: index) { elements.append(JSONValue(tape, at: $0)) }
            self = .array(elements)
        case UInt8(ascii: "t"): self = .bool(true)
        case UInt8(ascii: "f"): self = .bool(false)
        case UInt8(ascii: "n"), nil: self = .null
        default: self = .number(tape.scalarText(at: index))
        }
    }

    /// The member of an object; of a repeated name the last, as in JSON.parse; nil for anything but an object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string; nil for anything else.
    package var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// True or false; nil for anything else.
    package var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// The elements of an array; nil for anything else.
    package var array: [JSONValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    /// The members of an object, in order; nil for anything else.
    package var members: [Member]? {
        if case .object(let members) = self { return members }
        return nil
    }

    /// Whether it is null.
    package var isNull: Bool { self == .null }

    /// A number without a fraction that an Int64 holds, however it is written: `1e3` is 1,000.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Array(text.utf8).withUnsafeBufferPointer { text in
            guard let base = text.baseAddress, let number = JSONNumber(base, at: 0, size: text.count) else {
                return nil
            }
            let (value, isCut) = number.scaled(byPowerOfTen: 0)
            return isCut ? nil : value
        }
    }

    /// The nearest double of a number; nil for anything else.
    package var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}
