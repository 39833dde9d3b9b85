use proptest::prelude::*;

use super::*;

/// A value, reduced to its nesting.
#[derive(Clone, Debug)]
enum Value {
    Scalar(Vec<u8>),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

impl Value {
    fn depth(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Array(values) => 1 + values.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(pairs) => {
                1 + pairs.iter().map(|(key, value)| key.depth().max(value.depth())).max().unwrap_or(0)
            }
        }
    }

    /// Written with `wide` lengths or the shortest ones.
    fn write(&self, wide: bool, out: &mut Vec<u8>) {
        match self {
            Self::Scalar(bytes) => out.extend(bytes),
            Self::Array(values) => {
                head(out, wide, 0x90, 0xdd, values.len());
                values.iter().for_each(|value| value.write(wide, out));
            }
            Self::Map(pairs) => {
                head(out, wide, 0x80, 0xdf, pairs.len());
                pairs.iter().for_each(|(key, value)| {
                    key.write(wide, out);
                    value.write(wide, out);
                });
            }
        }
    }
}

fn head(out: &mut Vec<u8>, wide: bool, short: u8, long: u8, count: usize) {
    let count = u8::try_from(count).expect("tests make short ones");
    if wide { out.extend([long, 0, 0, 0, count]) } else { out.push(short | count) }
}

/// One scalar of every marker, with bytes that look like containers inside.
fn scalars() -> Vec<Vec<u8>> {
    let fixed = |marker: u8, size: usize| std::iter::once(marker).chain(vec![0x91; size]).collect();
    let counted = |head: &[u8], size: usize| head.iter().copied().chain(vec![0xdf; size]).collect();
    vec![
        fixed(0x00, 0),
        fixed(0x7f, 0),
        fixed(0xc0, 0),
        fixed(0xc2, 0),
        fixed(0xc3, 0),
        fixed(0xff, 0),
        fixed(0xcc, 1),
        fixed(0xcd, 2),
        fixed(0xce, 4),
        fixed(0xcf, 8),
        fixed(0xd0, 1),
        fixed(0xd1, 2),
        fixed(0xd2, 4),
        fixed(0xd3, 8),
        fixed(0xca, 4),
        fixed(0xcb, 8),
        fixed(0xd4, 2),
        fixed(0xd5, 3),
        fixed(0xd6, 5),
        fixed(0xd7, 9),
        fixed(0xd8, 17),
        fixed(0xa3, 3),
        counted(&[0xc4, 3], 3),
        counted(&[0xc5, 0, 3], 3),
        counted(&[0xc6, 0, 0, 0, 3], 3),
        counted(&[0xd9, 3], 3),
        counted(&[0xda, 1, 0], 256),
        counted(&[0xdb, 0, 0, 0, 3], 3),
        counted(&[0xc7, 3], 4),
        counted(&[0xc8, 0, 3], 4),
        counted(&[0xc9, 0, 0, 0, 3], 4),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = proptest::sample::select(scalars()).prop_map(Value::Scalar);
    leaf.prop_recursive(6, 64, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((inner.clone(), inner), 0..5).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn it_is_the_depth_that_counts(value in values(), wide: bool, levels in 0_usize..9) {
        let mut bytes = Vec::new();
        value.write(wide, &mut bytes);
        prop_assert_eq!(nests_within(&bytes, levels), value.depth() <= levels);
        // What follows is another value.
        bytes.extend([0x91; 40]);
        prop_assert_eq!(nests_within(&bytes, levels), value.depth() <= levels);
    }

    #[test]
    fn whatever_the_bytes_are_it_answers(bytes in proptest::collection::vec(any::<u8>(), 0..200), levels in 0_usize..9) {
        let _ = nests_within(&bytes, levels);
    }
}

#[test]
fn a_thousand_levels_are_too_deep_wherever_they_stand() {
    let mut unknown_field = vec![0x82, 0xa1, b'a', 0xc0, 0xa1, b'z'];
    unknown_field.extend(vec![0x91; 1000]);
    unknown_field.push(0xc0);
    assert!(!nests_within(&unknown_field, MAX_NESTING));
    assert!(!nests_within(&[0x81; 1000], MAX_NESTING), "keys nest too");
    assert!(!nests_within(&[0x91; MAX_NESTING + 1], MAX_NESTING), "cut short, but as deep as that already");
    assert!(nests_within(&[0x91; MAX_NESTING], MAX_NESTING));
}

#[test]
fn wide_and_shallow_is_fine() {
    let mut bytes = vec![0xdd, 0, 1, 0, 0];
    for _ in 0..65_536 {
        bytes.extend([0x91, 0xc0]);
    }
    assert!(nests_within(&bytes, 2));
    assert!(!nests_within(&bytes, 1));
}
