mod events;
mod feedback;
mod identity;
mod messages;
mod sessions;
mod socket;
mod uploads;
