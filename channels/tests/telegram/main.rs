//! Telegram, told as stories over a stateful fake of it. Every story ends by asserting that no request and no answer
//! broke the vendor's spec.

mod delivery;
mod desk;
mod files;
mod groups;
mod hearing;
mod pressing;
mod soak;
mod speaking;
mod stage;
mod trouble;
mod waits;
mod webhook;
