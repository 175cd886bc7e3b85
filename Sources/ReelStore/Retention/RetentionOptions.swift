/// What retention keeps to. Sizes are bytes, times microseconds.
package struct RetentionOptions: Sendable, Equatable {
    /// Whether it runs by itself; `vacuum` works either way.
    package var isAutomatic = false
    /// A recording whose end is so long ago is removed; 0 means never.
    package var ageMaxMicroseconds: Int64 = 0
    /// The same for recordings of a project, by its name.
    package var projectAgeMaxMicroseconds: [String: Int64] = [:]
    /// What the log may take.
    package var sizeMax = SpaceLimit.none
    /// What is to stay free on the file system.
    package var keepFree = SpaceLimit.none

    package init() {}
}

/// How much room there may be, or must be.
package enum SpaceLimit: Sendable, Equatable {
    case none
    /// What the file system's size suggests: `RetentionPolicy`.
    case automatic
    case bytes(UInt64)
}
