//! The inner loops. Each works element by element or in sixteen fixed lanes, never in an order the machine chooses and
//! without fused multiply-adds, so that results are the same to the last bit whatever vector width runs them.

const LANES: usize = 16;

/// Runs `work` with the widest vectors this machine has; everything in it must be inlined to profit.
#[inline(always)]
pub(crate) fn with_widest_vectors<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

/// `sum += factor · row`
#[inline(always)]
pub(crate) fn add_scaled(sum: &mut [f32], row: &[f32], factor: f32) {
    for (sum, &value) in sum.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

/// `sum += factor · row` for a row of signed bytes.
#[inline(always)]
pub(crate) fn add_scaled_bytes(sum: &mut [f32], row: &[i8], factor: f32) {
    for (sum, &value) in sum.iter_mut().zip(row) {
        *sum += factor * f32::from(value);
    }
}

/// The scalar product, in sixteen partial sums. Both lengths are multiples of sixteen.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    sum_lanes(lanes)
}

#[inline(always)]
fn sum_lanes(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// eˣ for x ≤ 0, within 2·10⁻⁷ of the value: 2ⁿ · 2ᶠ with a polynomial for |f| ≤ ½. The same on every machine.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let scaled = x.max(-87.0) * std::f32::consts::LOG2_E;
    // Adding and taking away 1.5·2²³ rounds to the nearest whole number.
    let whole = (scaled + 12_582_912.0) - 12_582_912.0;
    let f = (scaled - whole) * std::f32::consts::LN_2;
    let power = 1.0
        + f * (1.0
            + f * (0.5 + f * (0.166_666_67 + f * (0.041_666_67 + f * (0.008_333_334 + f * 0.001_388_889)))));
    power * f32::from_bits(((whole as i32 + 127) as u32) << 23)
}

/// Turns logits into probabilities in place and returns ln Σ eᶻ. Padding behind `classes` becomes zero.
#[inline(always)]
pub(crate) fn softmax(logits: &mut [f32], classes: usize) -> f32 {
    let (real, padding) = logits.split_at_mut(classes);
    let largest = real.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for logit in real.iter_mut() {
        *logit = exp(*logit - largest);
    }
    for &power in real.iter() {
        sum += power;
    }
    let inverse = 1.0 / sum;
    for power in real.iter_mut() {
        *power *= inverse;
    }
    padding.fill(0.0);
    largest + libm::logf(sum)
}

/// Lengths of rows are rounded up to whole vectors.
pub(crate) fn padded(length: usize) -> usize {
    length.div_ceil(LANES) * LANES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_exact_value() {
        for step in 0..8_000 {
            let x = -(step as f32) / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 1e-5 + 1e-37, "{x}: {} {exact}", exp(x));
        }
    }

    #[test]
    fn softmax_sums_to_one_and_ignores_padding() {
        let mut logits = vec![1.0, 3.0, -200.0, 9.0];
        let log_sum = softmax(&mut logits, 3);
        assert!((log_sum - (1.0_f32.exp() + 3.0_f32.exp()).ln()).abs() < 1e-5);
        assert!((logits.iter().sum::<f32>() - 1.0).abs() < 1e-6 && logits[3] == 0.0);
    }

    #[test]
    fn dot_adds_every_product() {
        let a: Vec<f32> = (0..32).map(|n| n as f32).collect();
        assert_eq!(dot(&a, &a), (0..32).map(|n| (n * n) as f32).sum::<f32>());
    }

    #[test]
    fn wide_vectors_give_the_same_bits_as_narrow_ones() {
        let mut random = crate::classifier::random::Random::new(9, 9);
        let mut draw = || (0..160).map(|_| random.normal()).collect::<Vec<f32>>();
        let (a, b, bytes) = (draw(), draw(), draw().iter().map(|x| (x * 40.0) as i8).collect::<Vec<i8>>());
        #[inline(always)]
        fn work(a: &[f32], b: &[f32], bytes: &[i8]) -> Vec<u32> {
            let mut sum = a.to_vec();
            add_scaled(&mut sum, b, 0.3);
            add_scaled_bytes(&mut sum, bytes, 0.07);
            let product = dot(&sum, b);
            let log_sum = softmax(&mut sum, 150);
            sum.push(product);
            sum.push(log_sum);
            sum.iter().map(|value| value.to_bits()).collect()
        }
        let wide = with_widest_vectors(
            #[inline(always)]
            || work(&a, &b, &bytes),
        );
        assert_eq!(wide, work(&a, &b, &bytes));
    }
}
