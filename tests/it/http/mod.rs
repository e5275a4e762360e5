//! The routes, by the tree of their addresses.

mod api;
mod chat;
mod every_route;
mod hooks;
mod hostile;
mod pages;
mod ready;
