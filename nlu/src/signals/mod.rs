//! Urgency, sentiment, language and entities.
