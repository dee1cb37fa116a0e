//! The pages of one column chunk, unpacked with codecs that are written in Rust throughout: those that the `parquet` crate
//! brings along are partly in C, which does not come into a browser's wasm without a C compiler for it.

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use std::io::Read;
use std::sync::Arc;

use super::Chunks;

/// A page may unpack to so much: a damaged or hostile file shall not fill the memory.
const MAX_PAGE_BYTES: u64 = 1 << 30;

/// Reads packed pages, as if the file were not packed, and unpacks them.
pub(super) struct Pages {
    packed: SerializedPageReader<Chunks>,
    codec: Compression,
}

impl Pages {
    pub fn of(file: Arc<Chunks>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let codec = chunk.compression();
        if let Compression::LZO | Compression::BROTLI(_) | Compression::LZ4 = codec {
            let name = format!("{codec:?}");
            let name = name.split('(').next().unwrap_or_default();
            return Err(ParquetError::General(format!(
                "it is packed with {name}, which cannot be unpacked here. Snappy, Zstandard, gzip and LZ4_RAW can"
            )));
        }
        let chunk = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        Ok(Self { packed: SerializedPageReader::new(file, &chunk, rows, None)?, codec })
    }

    fn unpacked(&self, page: Page) -> Result<Page> {
        if self.codec == Compression::UNCOMPRESSED {
            return Ok(page);
        }
        Ok(match page {
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
                let buf = self.unpack(&buf)?.into();
                Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
            }
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                Page::DictionaryPage { buf: self.unpack(&buf)?.into(), num_values, encoding, is_sorted }
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                statistics,
            } => {
                // The levels stand before the values, and are never packed.
                let levels = (def_levels_byte_len + rep_levels_byte_len) as usize;
                let buf = match is_compressed && buf.len() > levels {
                    true => Bytes::from([&buf[..levels], &self.unpack(&buf[levels..])?].concat()),
                    false => buf,
                };
                Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics,
                }
            }
        })
    }

    fn unpack(&self, packed: &[u8]) -> Result<Vec<u8>> {
        let broken = |reason: String| ParquetError::General(format!("a page does not unpack: {reason}"));
        let mut unpacked = Vec::new();
        match self.codec {
            Compression::SNAPPY => {
                return snap::raw::Decoder::new().decompress_vec(packed).map_err(|error| broken(error.to_string()));
            }
            Compression::GZIP(_) => {
                let mut reader = flate2::read::MultiGzDecoder::new(packed).take(MAX_PAGE_BYTES);
                reader.read_to_end(&mut unpacked).map_err(|error| broken(error.to_string()))?;
            }
            Compression::ZSTD(_) => {
                let reader = ruzstd::decoding::StreamingDecoder::new(packed);
                let mut reader = reader.map_err(|error| broken(error.to_string()))?.take(MAX_PAGE_BYTES);
                reader.read_to_end(&mut unpacked).map_err(|error| broken(error.to_string()))?;
            }
            // The format does not say how much comes out of it.
            _ => {
                let mut most = 4 * packed.len().max(1 << 16);
                loop {
                    match lz4_flex::block::decompress(packed, most) {
                        Ok(unpacked) => return Ok(unpacked),
                        Err(lz4_flex::block::DecompressError::OutputTooSmall { .. })
                            if (most as u64) < MAX_PAGE_BYTES =>
                        {
                            most *= 2;
                        }
                        Err(error) => return Err(broken(error.to_string())),
                    }
                }
            }
        }
        Ok(unpacked)
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.packed.get_next_page()?;
        page.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.packed.skip_next_page()
    }
}
