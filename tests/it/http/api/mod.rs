mod conversations;
mod drafts;
mod lists;
mod sign_in;
mod stream;
mod switch;
mod undo;
