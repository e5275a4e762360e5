//! Whether a feature stands for few classes or for all.

/// A feature met in so many texts is believed half of what its classes say of it.
const DOUBT: f32 = 3.0;

/// Over how many classes a feature's texts are spread, counted class by class.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread {
    texts: f32,
    /// Σ n·ln n over the classes before this one, n being the texts of each.
    settled: f32,
    class: u16,
    of_class: f32,
}

impl Spread {
    /// One more text, of the same class as the last or of a new one.
    pub(crate) fn meet(&mut self, class: u16) {
        if class != self.class {
            self.settled += times_log(self.of_class);
            (self.class, self.of_class) = (class, 0.0);
        }
        self.of_class += 1.0;
        self.texts += 1.0;
    }

    /// 0 where the texts are spread as chance would spread them, near 1 where many are of one class; of few texts little
    /// is believed. In terms of entropy: how much of what chance would give is missing.
    pub(crate) fn concentration(&self, classes: f32) -> f32 {
        let entropy = libm::logf(self.texts) - (self.settled + times_log(self.of_class)) / self.texts;
        let expected = libm::logf(classes * (1.0 - libm::powf(1.0 - 1.0 / classes, self.texts)));
        if self.texts < 2.0 || expected < 0.1 {
            return 0.0;
        }
        (1.0 - entropy / expected).clamp(0.0, 1.0) * self.texts / (self.texts + DOUBT)
    }
}

fn times_log(count: f32) -> f32 {
    if count > 1.0 { count * libm::logf(count) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What texts of these classes, in order, tell among ten classes.
    fn concentration(classes: &[u16]) -> f32 {
        let mut spread = Spread::default();
        classes.iter().for_each(|&class| spread.meet(class));
        spread.concentration(10.0)
    }

    #[test]
    fn the_fewer_classes_and_the_more_texts_the_more_a_feature_tells() {
        let of_one = concentration(&[3; 8]);
        assert!(of_one > 0.7, "{of_one}");
        assert!(of_one > concentration(&[3, 3, 3, 3, 5, 5, 5, 5]));
        assert!(concentration(&[3, 3, 3, 3, 5, 5, 5, 5]) > concentration(&[0, 1, 2, 3, 4, 5, 6, 6]));
        assert!(of_one > concentration(&[3, 3]));
        // The class that counting begins with is a class like others.
        assert_eq!(of_one, concentration(&[0; 8]));
    }

    #[test]
    fn a_word_of_all_classes_or_of_one_text_tells_nothing() {
        assert_eq!(concentration(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 0.0);
        assert_eq!(concentration(&[4]), 0.0);
        let mut alone = Spread::default();
        [0, 0, 0].into_iter().for_each(|class| alone.meet(class));
        assert_eq!(alone.concentration(1.0), 0.0, "one class has nothing to be told from");
    }
}
