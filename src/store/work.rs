//! What the store asks of its two engines.

use futures::future::BoxFuture;

/// Something to do with a connection. It gets what it needs by reference, so that it can be done again.
pub(crate) type Work<C, I, T, R> = for<'c> fn(&'c I, &'c mut C) -> BoxFuture<'c, Result<T, Abort<R>>>;

/// Why a piece of work is undone.
#[derive(Debug)]
pub(crate) enum Abort<R> {
    /// The database failed.
    Database(sqlx::Error),
    /// The work itself says no.
    Refused(R),
}

impl<R> From<sqlx::Error> for Abort<R> {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
