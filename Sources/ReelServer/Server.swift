import ReelStore
