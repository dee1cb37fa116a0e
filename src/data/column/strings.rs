//! Sorting many distinct strings: by the bytes that follow what all of them begin with.

/// Fewer strings than this are sorted as they are.
const MIN_LENGTH: usize = 64;

/// Sorts distinct strings by their bytes, with what belongs to each.
///
/// Names of one column often begin alike ("customer-000017"). The 16 bytes after the common beginning are looked up once
/// for each string and decide nearly every comparison, without a way to where the string lies.
pub(super) fn sort<T: Copy>(strings: &mut [(&str, T)]) {
    if strings.len() < MIN_LENGTH {
        strings.sort_unstable_by(|a, b| a.0.cmp(b.0));
        return;
    }
    let first = strings[0].0.as_bytes();
    let n_common = strings.iter().fold(first.len(), |n_common, (string, _)| {
        let alike = first[..n_common].iter().zip(string.as_bytes()).take_while(|(a, b)| a == b);
        alike.count()
    });
    let key = |string: &str| {
        let after = &string.as_bytes()[n_common..];
        let mut key = [0; 16];
        let length = after.len().min(key.len());
        key[..length].copy_from_slice(&after[..length]);
        u128::from_be_bytes(key)
    };
    let mut keyed: Vec<(u128, (&str, T))> = strings.iter().map(|entry| (key(entry.0), *entry)).collect();
    // A string that ends counts as going on in zeros: one that really does is told apart by the whole.
    keyed.sort_unstable_by(|(a, (a_string, _)), (b, (b_string, _))| a.cmp(b).then_with(|| a_string.cmp(b_string)));
    for (place, (_, entry)) in strings.iter_mut().zip(keyed) {
        *place = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn the_order_is_that_of_the_bytes_whatever_the_strings_have_in_common() {
        let mut rng = Rng::new(1);
        for round in 0..60 {
            let start = ["", "customer-", "a start much longer than sixteen bytes "][round % 3];
            let letters = [&['\0', 'a', 'b'][..], &['a', 'ä', '\u{10ffff}'][..]][round % 2];
            let mut distinct = std::collections::BTreeSet::new();
            for _ in 0..[10, 500][round / 2 % 2] {
                let length = rng.below(if round % 5 == 0 { 40 } else { 7 });
                let end: String = (0..length).map(|_| letters[rng.below(3) as usize]).collect();
                distinct.insert(format!("{start}{end}"));
            }
            let expected: Vec<(&str, usize)> = distinct.iter().map(String::as_str).zip(0..).collect();
            let mut found = expected.clone();
            rng.shuffle(&mut found);
            sort(&mut found);
            assert_eq!(found, expected);
        }
    }
}
