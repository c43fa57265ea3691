/* Written by tests/train/make_torch_values.py with PyTorch 1.13.0a0. */
#ifndef PAWCAM_TESTS_TRAIN_TORCH_VALUES_H
#define PAWCAM_TESTS_TRAIN_TORCH_VALUES_H

static const double torch_sgd[6] = {0.2664801165, -0.2763106634, -0.5115590616,
                                    0.2887230344, 0.5408566427,  -0.04377723933};
static const double torch_momentum[6] = {0.03675473682, -0.3851385394, -0.5625209793,
                                         0.3118104112,  0.6942225427,  0.2054705222};
static const double torch_nesterov[6] = {-0.146689785, -0.507941853, -0.6012113359,
                                         0.3470013965, 0.8063377305, 0.4560898401};
static const double torch_decay[6] = {0.02973727077, -0.3808710453, -0.5531879103,
                                      0.3065962188,  0.6846735485,  0.2097802851};
static const double torch_rmsprop[6] = {0.07470503414, -0.3719791836, -0.6847860853,
                                        0.4756440803,  0.6394471527,  0.1744029659};
static const double torch_adam[6] = {0.3050639738, -0.245920415, -0.5674301088,
                                     0.335439868,  0.5367538921, -0.1423560882};
static const double torch_adamw[6] = {0.3006394554, -0.2440184779, -0.5620853735,
                                      0.3323791975, 0.5319599909,  -0.1394516036};
static const double torch_clipped[6] = {0.4015957365, -0.1883073986, -0.4775785644,
                                        0.2636071895, 0.4425286548,  -0.2027097551};

/* Mean losses of 12 training steps, then of an evaluation. */
static const double torch_losses[13] = {1.096511759,  1.087748603,  0.9642765105, 0.7737668184,
                                        0.5995940537, 0.4904153642, 0.4114616278, 0.3748563789,
                                        0.3314265397, 0.2768804609, 0.2223271975, 0.1702122429,
                                        0.1077347697};

#endif
