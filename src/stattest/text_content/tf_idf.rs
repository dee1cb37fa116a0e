//! How much each word says about a text: often in it, and rare elsewhere.

use std::collections::HashMap;

use super::words::words;
use crate::stattest::NotTested;
use crate::stattest::linear_classifier::SparseRows;

/// A word in more than this share of the training texts says nothing.
const MAX_SHARE: f64 = 0.5;

/// One row per text.
pub(super) struct Weights {
    pub rows: SparseRows,
    pub n_words: usize,
}

/// Weighs the words of all `texts` by the training texts, whose places are given, repeated ones repeatedly.
pub(super) fn weigh(texts: &[&str], training: impl ExactSizeIterator<Item = u32>) -> Result<Weights, NotTested> {
    let (counted, n_words) = count_words(texts);
    let n_training = training.len() as f64;
    let mut n_texts_with = vec![0_u32; n_words];
    for text in training {
        for (word, _) in &counted[text as usize] {
            n_texts_with[*word as usize] += 1;
        }
    }
    let weight = |df: u32| {
        let df = f64::from(df);
        (df > 0.0 && df <= MAX_SHARE * n_training).then(|| 1.0 + libm::log((1.0 + n_training) / (1.0 + df)))
    };
    let idf: Vec<Option<f64>> = n_texts_with.into_iter().map(weight).collect();
    if idf.iter().all(Option::is_none) {
        return Err(NotTested::NoWords);
    }
    let mut rows = SparseRows::default();
    for text in &counted {
        let weights = text.iter().filter_map(|(word, tf)| {
            let idf = idf[*word as usize]?;
            Some((*word, (1.0 + libm::log(f64::from(*tf))) * idf))
        });
        let weights: Vec<(u32, f64)> = weights.collect();
        let length = weights.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        rows.push(weights.into_iter().map(|(word, weight)| (word, weight / length)));
    }
    Ok(Weights { rows, n_words })
}

/// Each text's words, numbered by their first appearance, with how often each occurs in the text; and how many there are.
fn count_words(texts: &[&str]) -> (Vec<Vec<(u32, u32)>>, usize) {
    let mut number_of: HashMap<String, u32> = HashMap::new();
    let mut counted = Vec::with_capacity(texts.len());
    for text in texts {
        let mut numbers: Vec<u32> = Vec::new();
        words(text, |word| {
            let number = match number_of.get(word) {
                Some(number) => *number,
                None => {
                    let number = u32::try_from(number_of.len()).expect("fewer than 2^32 distinct words");
                    number_of.insert(word.to_owned(), number);
                    number
                }
            };
            numbers.push(number);
        });
        numbers.sort_unstable();
        counted.push(numbers.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect());
    }
    (counted, number_of.len())
}
