mod conversations;
mod lists;
mod sign_in;
mod stream;
mod switch;
