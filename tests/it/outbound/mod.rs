//! What the desk does outside, and what comes back: letters, notices, tickets in the systems of others.

mod changes;
mod doctor;
mod hooks;
mod letters;
mod mail;
mod notices;
mod once;
mod outage;
mod support;
