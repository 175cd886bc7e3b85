/// A field that a list can be filtered by, through keyed hashes in the index.
package enum FilterField: String, Sendable, CaseIterable {
    case user, session, project, ticket, activity, brand, window, tag
    /// A word of a page's host or path.
    case urlWord = "url"
}
