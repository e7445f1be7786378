//! The second implementation of each port, in memory.
