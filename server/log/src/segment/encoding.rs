//! How the values of a segment are written: compressed, and each column in the encoding that suits it.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::collections::HashSet;

use super::{ROW_GROUP_ROWS, columns};

/// How many of the names that are not in a row group its filter takes for ones that are.
const FALSE_POSITIVES: f64 = 0.01;

/// Values of a column that are looked at.
const LOOKED_AT: usize = 1024;

/// The properties of a file whose columns go on like its `first` rows.
///
/// Numbers that hardly repeat are split into their bytes, first all first ones, then all second ones: there compression finds what
/// neighbours have in common. The dictionary that Parquet would otherwise make of them takes several times as long and
/// comes out longer.
pub(super) fn properties(first: Option<&RecordBatch>) -> WriterProperties {
    let names = ColumnPath::from(columns::ID);
    let level = ZstdLevel::try_new(1).expect("1 is a level of zstd");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_created_by(format!("tidemark {}", tidemark::VERSION))
        // Names differ from each other, nearly all of them.
        .set_column_dictionary_enabled(names.clone(), false)
        .set_column_bloom_filter_enabled(names.clone(), true)
        .set_column_bloom_filter_fpp(names.clone(), FALSE_POSITIVES)
        .set_column_bloom_filter_max_ndv(names, ROW_GROUP_ROWS as u64);
    let split = first.into_iter().flat_map(hardly_repeating).map(|name| ColumnPath::from(name.as_str()));
    split
        .fold(properties, |properties, column| {
            properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT)
        })
        .build()
}

/// The columns of numbers of which more than half differ from each other.
fn hardly_repeating(batch: &RecordBatch) -> Vec<String> {
    let fields = batch.schema();
    let columns = fields.fields().iter().zip(batch.columns());
    let hardly_repeats = |column: &dyn Array| {
        column.as_primitive_opt::<Float64Type>().is_some_and(|numbers| {
            let values: Vec<u64> = numbers.iter().flatten().take(LOOKED_AT).map(f64::to_bits).collect();
            let distinct: HashSet<u64> = values.iter().copied().collect();
            2 * distinct.len() > values.len()
        })
    };
    columns.filter(|(_, column)| hardly_repeats(column)).map(|(field, _)| field.name().clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Float64Array, Int64Array};
    use std::sync::Arc;

    #[test]
    fn numbers_that_hardly_repeat_are_split_and_others_listed() {
        let column = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
        let batch = RecordBatch::try_from_iter([
            ("measured", column(vec![Some(0.25), None, Some(-1.5), Some(3.0)])),
            ("counted", column(vec![Some(1.0), Some(2.0), Some(1.0), Some(2.0)])),
            ("missing", column(vec![None; 4])),
            ("whole", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ])
        .unwrap();
        assert_eq!(hardly_repeating(&batch), ["measured"]);
        let properties = properties(Some(&batch));
        assert!(!properties.dictionary_enabled(&"measured".into()));
        assert!(properties.dictionary_enabled(&"counted".into()));
    }
}
