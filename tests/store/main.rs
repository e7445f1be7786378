//! One contract for the table, kept by every store: in memory, over the embedded engine in memory, and
//! over the engine in a file. What only the real table does is injected.

#[path = "../figures.rs"]
mod figures;

mod batches;
mod discipline;
mod durability;
mod fixtures;
mod lists;
mod money;
mod races;
mod rate;
mod reads;
mod repeats;
mod stores;
mod tallies;
mod writes;
