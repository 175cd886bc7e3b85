import ReelFormat
