//! The published document against everything it speaks of: the table of functions, the committed file, the
//! handlers, and the answers that were agreed on.

mod answers;
mod bodies;
mod document;
mod imports;
mod page;
mod published;
mod queries;
mod stage;
