//! What the desk looks up in systems of its owner: databases, programs, directories.

mod directories;
mod sql;
mod tools;
