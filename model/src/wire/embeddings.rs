//! Lenient reading of embeddings.

use super::failure::HttpFailure;
use crate::ask::Usage;
use crate::error::ModelError;
use serde_json::Value;

/// The longest vector that is believed.
const MAX_DIMENSIONS: usize = 16_384;

/// One vector for each of `expected` texts, in their order, all finite and of one length.
pub fn read(answer: &Value, expected: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    if answer.get("error").is_some_and(|error| !error.is_null()) {
        return Err(HttpFailure { status: 200, retry_after: None, body: answer.to_string() }.error());
    }
    let invalid = |fault: &str| ModelError::Invalid { fault: fault.to_owned() };
    let data =
        answer.get("data").and_then(Value::as_array).ok_or_else(|| invalid("there are no embeddings"))?;
    if data.len() != expected {
        return Err(invalid("there are more or fewer embeddings than texts"));
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; expected];
    for (place, entry) in data.iter().enumerate() {
        let index = match entry.get("index") {
            Some(index) => index.as_u64().and_then(|index| usize::try_from(index).ok()),
            None => Some(place),
        };
        let slot = index.and_then(|index| vectors.get_mut(index)).filter(|slot| slot.is_none());
        let slot = slot.ok_or_else(|| invalid("an embedding belongs to no text"))?;
        let numbers = entry.get("embedding").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let vector: Option<Vec<f32>> = numbers
            .iter()
            .map(|number| number.as_f64().map(|number| number as f32).filter(|number| number.is_finite()))
            .collect();
        let usable = |vector: &Vec<f32>| (1..=MAX_DIMENSIONS).contains(&vector.len());
        *slot = Some(vector.filter(usable).ok_or_else(|| invalid("an embedding is no vector"))?);
    }
    let vectors: Vec<Vec<f32>> = vectors.into_iter().flatten().collect();
    if vectors.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
        return Err(invalid("embeddings differ in length"));
    }
    Ok(vectors)
}

/// The tokens that the server counted, if it says so and it can be believed.
#[must_use]
pub fn usage(answer: &Value) -> Option<Usage> {
    let input = answer.get("usage")?.get("prompt_tokens")?.as_u64().filter(|tokens| *tokens > 0)?;
    Some(Usage { input, output: 0, estimated: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn vectors_come_in_the_order_of_the_texts() {
        let answer = json!({"data": [{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [1]}]});
        assert_eq!(read(&answer, 2).unwrap(), [[1.0], [0.5]]);
        for bad in [
            json!({"data": []}),
            json!({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}),
            json!({"data": [{"index": 0, "embedding": [1]}, {"index": 9, "embedding": [1]}]}),
            json!({"data": [{"embedding": [1, 2]}, {"embedding": [1]}]}),
            json!({"data": [{"embedding": []}, {"embedding": []}]}),
            json!({"data": [{"embedding": [1e300]}, {"embedding": [1]}]}),
        ] {
            assert!(read(&bad, 2).is_err(), "{bad}");
        }
    }
}
