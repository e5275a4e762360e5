//! Policies as their authors meet them: what is refused and where, what editors are told, what no policy can do.

mod faults;
mod parts;
mod schema;
mod verdicts;
