//! When to ask the service again, and what its silence means. Time is handed in, so that tests need no clock.

use crate::monitor::Millis;

/// Between an answer and the next question.
const PAUSE: Millis = 2_000;
/// The same, as long as the service says itself when there is something new.
const LONG_PAUSE: Millis = 30_000;
/// The service has to be heard so often for that.
const HEARD_EVERY: Millis = 7_000;
/// A question without an answer is given up after this, and asked anew.
const PATIENCE: Millis = 8_000;
/// Without an answer for this long, what the page shows counts as stale. Three missed questions.
const STALE_AFTER: Millis = 7_000;

/// How the line to the service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Answers come.
    Fresh,
    /// None has come for this many seconds.
    Stale {
        /// Age of what is shown.
        seconds: u32,
    },
}

/// The rhythm of asking: at most one question under way, none while no one looks, few while the service says itself when there is
/// something new.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// When what is shown was last known to be so.
    last_answer: Millis,
    /// When the last question ended, with or without an answer.
    last_question: Millis,
    last_heard: Option<Millis>,
    /// Whether there is something new that nobody asked for yet.
    is_new: bool,
    is_urgent: bool,
    asked: Option<Millis>,
    /// Counts questions, so that a late answer to one that was given up is recognised.
    turn: u32,
    hidden: bool,
}

impl Pulse {
    /// Starts with the answer that the page was rendered from.
    pub const fn new(now: Millis) -> Self {
        Self {
            last_answer: now,
            last_question: now,
            last_heard: None,
            is_new: false,
            is_urgent: false,
            asked: None,
            turn: 0,
            hidden: false,
        }
    }

    /// The next tick asks.
    pub const fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// The service was heard, and has or has not something new.
    pub const fn heard(&mut self, now: Millis, is_new: bool) {
        self.last_heard = Some(now);
        if is_new {
            self.is_new = true;
        } else if !self.is_new && self.asked.is_none() {
            self.last_answer = now;
        }
    }

    /// Says whether to ask now: the number of the question, for [`Pulse::answered`].
    pub fn tick(&mut self, now: Millis, hidden: bool) -> Option<u32> {
        if self.hidden && !hidden {
            // No one asked while no one looked: that silence is not the service's.
            self.last_answer = now;
            self.is_urgent = true;
        }
        self.hidden = hidden;
        if self.asked.is_some_and(|asked| now - asked >= PATIENCE) {
            self.asked = None;
        }
        let is_told = self.last_heard.is_some_and(|heard| now - heard < HEARD_EVERY);
        // Traffic is new all the time, and a question every two seconds tells enough of it.
        let pause = if is_told && !self.is_new { LONG_PAUSE } else { PAUSE };
        if hidden || self.asked.is_some() || (now < self.last_question + pause && !self.is_urgent) {
            return None;
        }
        (self.is_new, self.is_urgent) = (false, false);
        self.asked = Some(now);
        self.turn += 1;
        Some(self.turn)
    }

    /// Takes note of the answer to question `turn`. False when it came too late to count.
    pub const fn answered(&mut self, turn: u32, now: Millis, ok: bool) -> bool {
        if turn != self.turn {
            return false;
        }
        self.asked = None;
        self.last_question = now;
        if ok {
            self.last_answer = now;
        } else {
            // Perhaps there was something.
            self.is_new = true;
        }
        ok
    }

    /// How the line is doing.
    pub fn link(&self, now: Millis) -> Link {
        let age = now - self.last_answer;
        if age < STALE_AFTER || self.hidden {
            Link::Fresh
        } else {
            Link::Stale { seconds: u32::try_from(age / 1_000).unwrap_or(u32::MAX) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_every_two_seconds_and_one_question_at_a_time() {
        let mut pulse = Pulse::new(0);
        assert_eq!(pulse.tick(1_500, false), None);
        assert_eq!(pulse.tick(2_000, false), Some(1));
        assert_eq!(pulse.tick(4_500, false), None, "the first question is still under way");
        assert!(pulse.answered(1, 4_600, true));
        assert_eq!(pulse.tick(6_500, false), None);
        assert_eq!(pulse.tick(6_600, false), Some(2));
    }

    #[test]
    fn silence_makes_the_page_stale_and_an_answer_makes_it_fresh_again() {
        let mut pulse = Pulse::new(0);
        let turn = pulse.tick(2_000, false).expect("two seconds have passed");
        assert!(!pulse.answered(turn, 2_100, false));
        assert_eq!(pulse.link(6_999), Link::Fresh);
        assert_eq!(pulse.link(9_000), Link::Stale { seconds: 9 });
        let turn = pulse.tick(9_000, false).expect("a failure does not end the asking");
        assert!(pulse.answered(turn, 9_100, true));
        assert_eq!(pulse.link(9_200), Link::Fresh);
    }

    #[test]
    fn a_question_that_hangs_is_given_up_and_its_late_answer_ignored() {
        let mut pulse = Pulse::new(0);
        assert_eq!(pulse.tick(2_000, false), Some(1));
        assert_eq!(pulse.tick(9_999, false), None);
        assert_eq!(pulse.tick(10_000, false), Some(2));
        assert!(!pulse.answered(1, 10_100, true));
        assert!(pulse.answered(2, 10_200, true));
    }

    #[test]
    fn a_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen_again() {
        let mut pulse = Pulse::new(0);
        assert_eq!(pulse.tick(60_000, true), None);
        assert_eq!(pulse.link(60_000), Link::Fresh, "no one asked, so no one failed to answer");
        assert_eq!(pulse.tick(60_500, false), Some(1));
        assert_eq!(pulse.link(60_600), Link::Fresh);
        assert_eq!(pulse.link(68_000), Link::Stale { seconds: 7 });
    }

    #[test]
    fn hurry_asks_at_the_next_tick() {
        let mut pulse = Pulse::new(0);
        pulse.hurry();
        assert_eq!(pulse.tick(100, false), Some(1));
    }

    #[test]
    fn as_long_as_the_service_says_that_there_is_nothing_new_nobody_asks() {
        let mut pulse = Pulse::new(0);
        for now in [0, 5_000, 10_000] {
            pulse.heard(now, false);
            assert_eq!(pulse.tick(now + 4_000, false), None);
            assert_eq!(pulse.link(now + 4_000), Link::Fresh);
        }
        // Then it is silent: the page asks itself, as one does who was never told anything.
        assert_eq!(pulse.tick(16_900, false), None);
        assert_eq!(pulse.tick(17_000, false), Some(1));
        assert_eq!(pulse.link(17_000), Link::Stale { seconds: 7 });
    }

    #[test]
    fn news_are_asked_for_at_once_unless_the_last_answer_is_young() {
        let mut pulse = Pulse::new(0);
        pulse.heard(500, true);
        assert_eq!(pulse.tick(1_000, false), None);
        assert_eq!(pulse.tick(2_000, false), Some(1));
        // What comes while a question is under way may be missing in its answer.
        pulse.heard(2_050, true);
        assert!(pulse.answered(1, 2_100, true));
        assert_eq!(pulse.tick(4_100, false), Some(2));
        assert!(pulse.answered(2, 4_200, true));
        pulse.heard(9_000, false);
        assert_eq!(pulse.tick(12_000, false), None);
        pulse.heard(13_000, true);
        assert_eq!(pulse.tick(13_100, false), Some(3));
    }

    #[test]
    fn a_service_that_is_heard_but_does_not_answer_makes_the_page_stale() {
        let mut pulse = Pulse::new(0);
        pulse.heard(2_000, true);
        let turn = pulse.tick(2_500, false).expect("there is something new");
        assert!(!pulse.answered(turn, 2_600, false));
        pulse.heard(8_000, false);
        assert_eq!(pulse.link(8_000), Link::Stale { seconds: 8 });
    }
}
