//! Intent, calibrated confidence and scope.
