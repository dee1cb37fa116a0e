//! Looking for names in segments on a thread that may wait for the disk, for callers that may not.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

use crate::error::AppendError;
use crate::frame::{self, Encoded};
use crate::queue::Appended;
use crate::read::Reader;

/// What stands in segments under a record's name.
type Known = Result<Option<Appended>, AppendError>;

struct Question {
    encoded: Encoded,
    reply: oneshot::Sender<Known>,
}

/// The way to the thread, which ends when this is dropped.
pub(crate) struct Lookups {
    questions: Option<Sender<Question>>,
    thread: Option<JoinHandle<()>>,
}

impl Lookups {
    pub(crate) fn start(reader: Reader) -> std::io::Result<Self> {
        let (questions, asked) = channel();
        let thread = std::thread::Builder::new().name("log-names".to_owned());
        let thread = thread.spawn(move || answer_all(&reader, &asked))?;
        Ok(Self { questions: Some(questions), thread: Some(thread) })
    }

    /// Looks for the name of a record.
    pub(crate) async fn ask(&self, encoded: Encoded) -> Known {
        let (reply, answer) = oneshot::channel();
        let questions = self.questions.as_ref().ok_or(AppendError::Closed)?;
        questions.send(Question { encoded, reply }).map_err(|_gone| AppendError::Closed)?;
        answer.await.map_err(|_gone| AppendError::Closed)?
    }
}

impl Drop for Lookups {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that looks for names had panicked");
        }
    }
}

fn answer_all(reader: &Reader, asked: &Receiver<Question>) {
    while let Ok(Question { encoded, reply }) = asked.recv() {
        // Whoever asked may have gone away.
        drop(reply.send(look(reader, &encoded)));
    }
}

/// What stands in a segment under the name of this record: itself, or something else, which is a conflict.
pub(crate) fn look(reader: &Reader, encoded: &Encoded) -> Known {
    let Some((position, bytes)) = reader.find_sealed(encoded.stream.line(), &encoded.id)? else {
        return Ok(None);
    };
    if frame::is_same_content(&bytes, &encoded.bytes) {
        Ok(Some(Appended { position: Some(position), is_new: false }))
    } else {
        Err(AppendError::Conflict { id: encoded.id.clone(), position })
    }
}
