/// What the journal says of an erasing. Not what was asked for: that may name a person.
package struct ErasureNotice: Sendable, Equatable {
    /// Those that were erased now.
    package var numbers: [UInt64]
    package var requester: String
    /// Empty where none was given.
    package var reason: String
    /// Why pinned recordings were erased, too; empty where that was not asked.
    package var override: String
}
