//! The second implementation of each port, in memory, and the means to let any of them crash.

mod fault;
mod lists;
mod payees;
mod queue;
mod scripted;
mod store;
mod table;

pub use fault::{FaultPoints, Faulty};
pub use payees::Payee;
pub use queue::MemoryQueue;
pub use scripted::{Booked, Ending, Operation, ScriptedProvider, Trouble};
pub use store::MemoryStore;
