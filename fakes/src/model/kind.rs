//! Every way in which a model server goes wrong that we know of. The first 20 are those of the brief; the rest are
//! what other servers and gateways were seen or are able to do.

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    // The brief's.
    Refusal,
    FinishLength,
    FinishContentFilter,
    EmptyChoices,
    CodeFence,
    ProseAround,
    WrongEnum,
    DuplicateKeys,
    TenMegabytes,
    InvalidUtf8,
    ErrorUnder200,
    Revoked401,
    NoModel404,
    TooLarge413,
    ContextLength400,
    RetryAfterDate,
    CutBeforeDone,
    KeepAlive,
    LateFirstByte,
    NoSchema,
    // More of the answer's text.
    EmptyText,
    Prose,
    HalfObject,
    TwoObjects,
    ArrayAnswer,
    MissingField,
    ExtraField,
    WrongType,
    NullField,
    LongString,
    ForeignId,
    DeepNesting,
    NotANumber,
    SingleQuotes,
    TrailingComma,
    ControlCharacters,
    // More of the envelope.
    NoMessage,
    NullContent,
    FinishAbort,
    ForeignTool,
    NotJson,
    HtmlPage,
    EmptyBody,
    WrongUsage,
    Truncated,
    // More of status and link.
    Plain429,
    Quota429,
    Error500,
    Unavailable503,
    Gateway502Html,
    Redirect,
    Reset,
    SlowDrip,
    Hang,
    FlatError,
    HalfJsonPiece,
}

/// What a client may make of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The answer is usable in spite of it.
    Usable,
    /// There is no answer, and none is made up.
    Nothing,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 56] = [
        Self::Refusal,
        Self::FinishLength,
        Self::FinishContentFilter,
        Self::EmptyChoices,
        Self::CodeFence,
        Self::ProseAround,
        Self::WrongEnum,
        Self::DuplicateKeys,
        Self::TenMegabytes,
        Self::InvalidUtf8,
        Self::ErrorUnder200,
        Self::Revoked401,
        Self::NoModel404,
        Self::TooLarge413,
        Self::ContextLength400,
        Self::RetryAfterDate,
        Self::CutBeforeDone,
        Self::KeepAlive,
        Self::LateFirstByte,
        Self::NoSchema,
        Self::EmptyText,
        Self::Prose,
        Self::HalfObject,
        Self::TwoObjects,
        Self::ArrayAnswer,
        Self::MissingField,
        Self::ExtraField,
        Self::WrongType,
        Self::NullField,
        Self::LongString,
        Self::ForeignId,
        Self::DeepNesting,
        Self::NotANumber,
        Self::SingleQuotes,
        Self::TrailingComma,
        Self::ControlCharacters,
        Self::NoMessage,
        Self::NullContent,
        Self::FinishAbort,
        Self::ForeignTool,
        Self::NotJson,
        Self::HtmlPage,
        Self::EmptyBody,
        Self::WrongUsage,
        Self::Truncated,
        Self::Plain429,
        Self::Quota429,
        Self::Error500,
        Self::Unavailable503,
        Self::Gateway502Html,
        Self::Redirect,
        Self::Reset,
        Self::SlowDrip,
        Self::Hang,
        Self::FlatError,
        Self::HalfJsonPiece,
    ];

    /// The brief's twenty.
    #[must_use]
    pub fn of_the_brief() -> &'static [Self] {
        &Self::ALL[..20]
    }

    /// Its name for schedules and the command line: the variant's, as it is written.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a careful client makes of it when JSON of a schema was asked for, in one piece.
    #[must_use]
    pub fn fate(self) -> Fate {
        match self {
            Self::CodeFence | Self::ProseAround | Self::KeepAlive | Self::NoSchema | Self::WrongUsage
            // These happen to streams only.
            | Self::CutBeforeDone | Self::HalfJsonPiece => Fate::Usable,
            _ => Fate::Nothing,
        }
    }

    /// Whether only patience shows it: tests set small times for these.
    #[must_use]
    pub fn is_slow(self) -> bool {
        matches!(self, Self::LateFirstByte | Self::SlowDrip | Self::Hang | Self::Plain429)
    }
}
