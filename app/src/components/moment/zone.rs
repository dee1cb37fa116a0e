//! The zone the browser lives in.

use crate::monitor::Millis;

/// How far the reader's clocks are ahead of UTC at that moment (summer time changes it).
pub fn minutes_east_of_utc(at: Millis) -> i32 {
    -js_sys::Date::new(&(at as f64).into()).get_timezone_offset() as i32
}
