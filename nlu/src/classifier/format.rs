//! A model as bytes: a fixed head, then numbered parts in little-endian, checked before anything is believed.

use super::compact::Compact;
use super::confidence::Calibration;
use super::features::Reader;
use super::head::Head;
use super::kernels::padded;
use super::lookup::Lookup;
use super::model::{Embedded, Model};
use super::network::HIDDEN;
use super::signs::{Panel, SIGNS};
use super::words::LANGUAGES;

const MAGIC: [u8; 8] = *b"DHINTENT";
/// Raised when the layout, or the meaning of anything in it, changes.
const VERSION: u32 = 2;
/// Magic, version, checksum, length of the body.
const HEAD: usize = 8 + 4 + 4 + 8;

/// Why bytes are no model. In every case the remedy is to train again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Some other file.
    #[error("this is no classifier model; train one")]
    NotAModel,
    /// Written by an older or newer program.
    #[error("the model has format {found}, this program reads {VERSION}; train it again")]
    OtherVersion {
        /// The format found.
        found: u32,
    },
    /// Cut short or changed.
    #[error("the model file is damaged ({what}); train it again")]
    Damaged {
        /// What doesn't add up.
        what: &'static str,
    },
}

impl Model {
    /// The model as bytes, the same for the same model on every machine.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body =
            Writer(Vec::with_capacity(HEAD + self.hashes.len() * (12 + self.panel.networks.len() * 140)));
        body.0.resize(HEAD, 0);
        body.text(&self.id);
        body.count(self.intents.len());
        self.intents.iter().for_each(|intent| body.text(intent));
        body.bytes(&self.reader.languages().iter().map(|&language| language as u8).collect::<Vec<_>>());
        body.count(self.hashes.len());
        self.hashes.iter().for_each(|hash| body.0.extend(hash.to_le_bytes()));
        body.floats(&self.idf);
        body.floats(&[self.unseen_idf, self.threshold, self.calibration.bias]);
        body.floats(&self.calibration.means);
        body.floats(&self.calibration.scales);
        body.floats(&self.calibration.weights);
        body.floats(&self.panel.centres);
        body.count(self.panel.networks.len());
        for network in &self.panel.networks {
            body.count(network.classes);
            body.count(network.first.len());
            body.0.extend(network.first.iter().map(|&weight| weight as u8));
            body.floats(&network.scales);
            body.floats(&network.first_bias);
            body.floats(&network.second);
            body.floats(&network.second_bias);
        }
        match (&self.embedded, &self.panel.head) {
            (Some(embedded), Some(head)) => {
                body.count(head.dimensions);
                body.text(&embedded.embedder);
                body.floats(&[embedded.threshold, embedded.calibration.bias]);
                body.floats(&embedded.calibration.means);
                body.floats(&embedded.calibration.scales);
                body.floats(&embedded.calibration.weights);
                body.floats(&head.weights);
                body.floats(&head.bias);
            }
            _ => body.count(0),
        }
        let mut bytes = body.0;
        let length = (bytes.len() - HEAD) as u64;
        let checksum = crc32fast::hash(&bytes[HEAD..]);
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes[16..HEAD].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    /// Reads what [`Model::to_bytes`] wrote; takes milliseconds.
    ///
    /// # Errors
    /// If the bytes are no model, of another format, or damaged in any way.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, LoadError> {
        let damaged = |what| LoadError::Damaged { what };
        if bytes.get(..8) != Some(&MAGIC) {
            return Err(LoadError::NotAModel);
        }
        let (head, body) = bytes.split_at_checked(HEAD).ok_or(damaged("the head is cut short"))?;
        let mut head = Reading(&head[8..]);
        let found = head.number()?;
        if found != VERSION {
            return Err(LoadError::OtherVersion { found });
        }
        let checksum = head.number()?;
        if head.long()? != body.len() as u64 {
            return Err(damaged("its length differs"));
        }
        if crc32fast::hash(body) != checksum {
            return Err(damaged("its checksum differs"));
        }
        let mut body = Reading(body);
        let id = body.text()?;
        let intents = (0..body.count()?).map(|_| body.text()).collect::<Result<Vec<_>, _>>()?;
        let languages = body
            .bytes()?
            .iter()
            .map(|&language| {
                LANGUAGES.get(usize::from(language)).copied().ok_or(damaged("an unknown language"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let features = body.count()?;
        let hashes: Vec<u64> = body.longs(features)?;
        let idf = body.floats(features)?;
        let [unseen_idf, threshold, bias] = body.array()?;
        let calibration =
            Calibration { means: body.array()?, scales: body.array()?, weights: body.array()?, bias };
        let centres = body.all_floats()?;
        let mut networks = Vec::new();
        for _ in 0..body.count()? {
            let classes = body.count()?;
            if classes < intents.len() || classes > intents.len() + 1 {
                return Err(damaged("the classes differ"));
            }
            let length = body.count()?;
            if length != features * HIDDEN {
                return Err(damaged("the features differ"));
            }
            networks.push(Compact {
                classes,
                first: body.take(length)?.iter().map(|&byte| byte as i8).collect(),
                scales: body.floats(features)?,
                first_bias: body.floats(HIDDEN)?,
                second: body.floats(HIDDEN * padded(classes))?,
                second_bias: body.floats(padded(classes))?,
            });
        }
        let (mut embedded, mut head) = (None, None);
        let dimensions = body.count()?;
        if dimensions > 0 {
            let embedder = body.text()?;
            let [threshold, bias] = body.array()?;
            let calibration =
                Calibration { means: body.array()?, scales: body.array()?, weights: body.array()?, bias };
            embedded = Some(Embedded { embedder, calibration, threshold });
            let classes = networks.first().map_or(0, |network: &Compact| network.classes);
            let width = dimensions.div_ceil(16).saturating_mul(16);
            let weights = body.floats(classes.saturating_mul(width))?;
            head = Some(Head { classes, dimensions, weights, bias: body.floats(padded(classes))? });
        }
        let alike = networks.windows(2).all(|pair| pair[0].classes == pair[1].classes);
        let centred = centres.len() == intents.len() * networks.len() * HIDDEN;
        if networks.is_empty() || !alike || !centred || !body.0.is_empty() {
            return Err(damaged("its parts don't fit together"));
        }
        Ok(Model {
            id,
            reader: Reader::new(languages),
            lookup: Lookup::new(&hashes),
            hashes,
            idf,
            unseen_idf,
            panel: Panel { networks, intents: intents.len(), centres, head },
            intents,
            calibration,
            threshold,
            embedded,
            embedder: None,
        })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, count: usize) {
        self.0.extend((count as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn floats(&mut self, values: &[f32]) {
        self.count(values.len());
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], LoadError> {
        let short = LoadError::Damaged { what: "it is cut short" };
        let (taken, rest) = self.0.split_at_checked(length).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, LoadError> {
        Ok(self.take(4)?.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn long(&mut self) -> Result<u64, LoadError> {
        Ok(self.take(8)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// A number of things that each take a byte at least, so never more than what is left.
    fn count(&mut self) -> Result<usize, LoadError> {
        let count = self.long()?;
        if count > self.0.len() as u64 {
            return Err(LoadError::Damaged { what: "a count is too large" });
        }
        Ok(count as usize)
    }

    fn bytes(&mut self) -> Result<&'a [u8], LoadError> {
        let length = self.count()?;
        self.take(length)
    }

    fn text(&mut self) -> Result<String, LoadError> {
        let text = std::str::from_utf8(self.bytes()?)
            .map_err(|_| LoadError::Damaged { what: "a name is no text" })?;
        Ok(text.to_owned())
    }

    fn longs(&mut self, count: usize) -> Result<Vec<u64>, LoadError> {
        let bytes = self.take(count.saturating_mul(8))?;
        Ok(bytes
            .chunks_exact(8)
            .map(|part| part.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
            .collect())
    }

    fn all_floats(&mut self) -> Result<Vec<f32>, LoadError> {
        let count = self.count()?;
        let bytes = self.take(count.saturating_mul(4))?;
        let float =
            |part: &[u8]| f32::from_bits(part.iter().rev().fold(0, |n, &byte| n << 8 | u32::from(byte)));
        Ok(bytes.chunks_exact(4).map(float).collect())
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, LoadError> {
        let floats = self.all_floats()?;
        if floats.len() == count {
            Ok(floats)
        } else {
            Err(LoadError::Damaged { what: "a table has another size" })
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[f32; N], LoadError> {
        let mut array = [0.0; N];
        array.copy_from_slice(&self.floats(N)?);
        Ok(array)
    }
}

/// The layout above names this many signs; a change of theirs is a change of format.
const _: () = assert!(SIGNS == 12 && VERSION == 2);
