import ReelCodec

extension UUIDv7 {
    /// Stands for an id that is not known (yet): version 7 and else zeros, which nobody makes.
    package static let unknown: UUIDv7 = {
        guard let id = UUIDv7(high: 0x7000, low: 1 << 63) else { preconditionFailure("these bits are version 7") }
        return id
    }()
}
