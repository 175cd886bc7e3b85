import CReelSystem

/// How the process deals with the kernel for memory.
package enum ProcessMemory {
    /// Keeps a little freed memory instead of giving it back at once; to be called before threads are started.
    ///
    /// By default malloc(3) maps each buffer of a few hundred KB anew, and the kernel clears every page of it: serving
    /// a recording took half as much CPU again. See mallopt(3).
    package static func keepForReuse() { creel_keep_memory(8 << 20, 4 << 20) }
}
