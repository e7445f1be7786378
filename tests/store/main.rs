//! One contract for the table, kept by every store: in memory, over the embedded engine in memory, and
//! over the engine in a file. What only the real table does is injected.

mod discipline;
mod durability;
mod fixtures;
mod lists;
mod money;
mod races;
mod reads;
mod repeats;
mod stores;
mod writes;
