//! Whether the words of two sets of texts differ, by a classifier that tries to tell the sets apart.

use super::linear_classifier::{LinearClassifier, Loss, Penalty, Training};
use super::{Current, NotTested, Reference, random_auc};
use crate::performance::ranking::roc_auc;
use crate::random::{Rng, derive_seed, seed_of};

mod tf_idf;
mod words;

/// At most this many texts of a side are used; from a larger side so many are drawn.
pub const MAX_TEXTS: usize = 20_000;

/// Classifiers that guess, whose areas under the curve a real one is held against.
pub const RANDOM_CLASSIFIERS: usize = 1000;

/// Evidently's settings: L1 penalty, modified Huber loss, at most 50 rounds. Sparse rows move the intercept slowly.
const TRAINING: Training =
    Training { loss: Loss::ModifiedHuber, penalty: Penalty::L1, alpha: 1e-4, max_epochs: 50, intercept_rate: 0.01 };

/// How well a classifier of words tells current texts from those of the reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextContent {
    /// Area under the curve on texts the classifier was not trained on: 0.5 is guessing, 1 is never wrong.
    pub auc: f64,
    /// The seed of the draws, the split and the training, taken from the texts.
    pub seed: u64,
    /// Reference texts that were used.
    pub n_reference: u64,
    /// Current texts that were used.
    pub n_current: u64,
    /// How many of the texts that were not trained on are of the reference, and current.
    pub n_judged: (u64, u64),
}

impl TextContent {
    /// The area under the curve that a share `q` of [`RANDOM_CLASSIFIERS`] guessing classifiers stay below, on as many
    /// texts of both sides.
    pub fn random_auc(&self, q: f64) -> f64 {
        let mut rng = Rng::new(derive_seed(self.seed, 1));
        random_auc::quantile_of_random(&mut rng, self.n_judged.0, self.n_judged.1, RANDOM_CLASSIFIERS, q)
    }
}

/// How well a classifier of words tells current texts from those of the reference.
///
/// ```text
/// weight of word w in a text = (1 + ln tf) * (1 + ln((1 + N) / (1 + df))),  each text's weights scaled to length 1
/// score = P(decision(current text) > decision(reference text)) + P(equal) / 2
/// ```
/// where `tf` counts the word in the text and `df` of `N` training texts have it. Words are runs of two or more letters,
/// digits and underscores, in lower case, without English function words (an own list of them) and without those in
/// more than half of the training texts. A random half of all texts trains a linear classifier (modified Huber loss, L1
/// penalty, stochastic gradient descent), the other half is judged.
///
/// Inputs: each side's distinct texts with how often each occurs, in any order that is the same every time; missing ones
/// left out. Score: the area under the curve, 0 to 1; large speaks for drift, 0.5 is guessing. Of a side larger than
/// [`MAX_TEXTS`] so many are drawn. Declines when a side is empty, when no word is left, and when a half lacks a side.
///
/// ```
/// use tidemark::stattest::{Current, Reference, text_content};
/// let texts = |words: [&str; 3]| -> Vec<(String, u64)> {
///     (0..60).map(|i| (format!("order {i} {} {}", words[i % 3], words[i / 3 % 3]), 1)).collect()
/// };
/// let (fruit, tools) = (texts(["apple", "pear", "plum"]), texts(["hammer", "pliers", "saw"]));
/// let found = text_content::classify(Reference(&fruit), Current(&tools)).unwrap();
/// assert!(found.auc > 0.95 && found.auc > found.random_auc(0.95));
/// let same = text_content::classify(Reference(&fruit), Current(&fruit)).unwrap();
/// assert!(same.auc < 0.7, "{}", same.auc);
/// ```
///
/// Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017; Evidently 0.7,
/// `calculate_text_drift_score`, whose split and training are drawn by another generator: the score agrees up to the
/// chance in that.
///
/// # Errors
/// A side is empty, no word is left, or a half lacks a side.
pub fn classify<T: AsRef<str>>(
    reference: Reference<&[(T, u64)]>,
    current: Current<&[(T, u64)]>,
) -> Result<TextContent, NotTested> {
    let count = |texts: &[(T, u64)]| texts.iter().map(|(_, count)| count).sum::<u64>();
    let (n, m) = (count(reference.0), count(current.0));
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let seed = seed_of([n, m].into_iter().chain(reference.0.iter().chain(current.0).flat_map(hashed)));
    let mut rng = Rng::new(seed);
    let mut samples = draw(&mut rng, reference.0, 0, false);
    let n_reference = samples.len() as u64;
    samples.extend(draw(&mut rng, current.0, reference.0.len(), true));
    let n_current = samples.len() as u64 - n_reference;
    rng.shuffle(&mut samples);
    let (judged, trained_on) = samples.split_at(samples.len().div_ceil(2));
    if !has_both(judged) || !has_both(trained_on) {
        return Err(NotTested::OneSidedSplit);
    }
    let mut texts = vec![""; reference.0.len() + current.0.len()];
    for (place, _) in &samples {
        let place = *place as usize;
        let (text, _) = reference.0.get(place).unwrap_or_else(|| &current.0[place - reference.0.len()]);
        texts[place] = text.as_ref();
    }
    let weights = tf_idf::weigh(&texts, trained_on.iter().map(|(text, _)| *text))?;
    let classifier = LinearClassifier::train(&weights.rows, weights.n_words, trained_on, &TRAINING, &mut rng)?;
    let truths: Vec<bool> = judged.iter().map(|(_, is_current)| *is_current).collect();
    let probability = |&(text, _): &(u32, bool)| classifier.probability(&weights.rows, text as usize);
    let probabilities: Vec<f64> = judged.iter().map(probability).collect();
    let auc = roc_auc(&truths, &probabilities).ok_or(NotTested::OneSidedSplit)?;
    let n_judged_current = truths.iter().filter(|is_current| **is_current).count() as u64;
    let n_judged = (judged.len() as u64 - n_judged_current, n_judged_current);
    Ok(TextContent { auc, seed, n_reference, n_current, n_judged })
}

/// A text and its count as words for the seed.
fn hashed<T: AsRef<str>>((text, count): &(T, u64)) -> impl Iterator<Item = u64> {
    let text = text.as_ref();
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    [text.len() as u64, *count].into_iter().chain(text.as_bytes().chunks(8).map(word))
}

/// At most [`MAX_TEXTS`] rows of one side: places of texts, counted from `first`, with the side.
fn draw<T>(rng: &mut Rng, texts: &[(T, u64)], first: usize, is_current: bool) -> Vec<(u32, bool)> {
    let place = |place: usize| u32::try_from(first + place).expect("fewer than 2^32 distinct texts");
    let rows: Vec<u32> =
        texts.iter().enumerate().flat_map(|(i, (_, count))| (0..*count).map(move |_| place(i))).collect();
    rng.choose(rows.len(), MAX_TEXTS).into_iter().map(|row| (rows[row], is_current)).collect()
}

fn has_both(samples: &[(u32, bool)]) -> bool {
    samples.iter().any(|(_, is_current)| *is_current) && samples.iter().any(|(_, is_current)| !is_current)
}

#[cfg(test)]
mod tests;
