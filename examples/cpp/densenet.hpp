/* SPDX-License-Identifier: MIT */
// libdensenet's classifier for C++17: what is created is freed by itself, and what fails throws.
//
// A few lines to copy and to extend: each object of the library is held by a std::unique_ptr whose deleter
// is the library's own function, and each status goes through check(). Callbacks that are given to the
// library are called by C code and must not throw.
#pragma once

#include <densenet.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace densenet {

// What the library has to say, with its status to be told apart by.
class error : public std::runtime_error {
  public:
    error(dn_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    dn_status status() const noexcept { return status_; }

  private:
    dn_status status_;
};

inline void check(dn_status status, const dn_error &told) {
    if (status != DN_OK) throw error(status, told.message);
}

template <auto Free> struct freed_by {
    template <class T> void operator()(T *object) const noexcept { Free(object); }
};
using weights_handle = std::unique_ptr<dn_weights, freed_by<dn_weights_free>>;
using classifier_handle = std::unique_ptr<dn_classifier, freed_by<dn_classifier_free>>;

inline weights_handle load_weights(const std::string &path) {
    dn_error told;
    dn_weights *loaded = nullptr;
    check(dn_weights_load(&loaded, path.c_str(), &told), told);
    return weights_handle(loaded);
}

// A decoded picture. It can be moved, and not copied by accident.
class image {
  public:
    explicit image(const std::string &path) {
        dn_error told;
        check(dn_image_load(&image_, path.c_str(), &told), told);
    }
    explicit image(const dn_pixels &pixels) {
        dn_error told;
        check(dn_image_from_pixels(&image_, &pixels, &told), told);
    }
    image(image &&other) noexcept : image_(std::exchange(other.image_, {})) {}
    image &operator=(image &&other) noexcept {
        std::swap(image_, other.image_);
        return *this;
    }
    ~image() { dn_image_free(&image_); }

    const dn_image &get() const noexcept { return image_; }

  private:
    dn_image image_{};
};

// A model file and its network. Of one thread at a time, as the library's classifier is.
class classifier {
  public:
    // `weights` may be null where the model file is complete; nothing of them is kept.
    explicit classifier(const std::string &path, const dn_weights *weights = nullptr, int threads = 0) {
        dn_error told;
        dn_classifier *loaded = nullptr;
        check(dn_classifier_load(&loaded, path.c_str(), &told), told);
        handle_.reset(loaded);
        dn_session_options options = dn_session_options_default();
        options.threads = threads;
        check(dn_classifier_attach(handle_.get(), weights, nullptr, &options, &told), told);
    }

    std::vector<std::string> classes() const {
        const dn_classifier_info *info = dn_classifier_get_info(handle_.get());
        return {info->classes, info->classes + info->class_count};
    }

    // The probability of each class, in the order of classes().
    std::vector<float> predict(const image &picture) {
        dn_error told;
        std::vector<float> probabilities(dn_classifier_get_info(handle_.get())->class_count);
        check(dn_classifier_predict(handle_.get(), &picture.get(), 1, probabilities.data(), &told), told);
        return probabilities;
    }

    // The library's own object, for all that is not wrapped here.
    dn_classifier *get() noexcept { return handle_.get(); }

  private:
    classifier_handle handle_;
};

} // namespace densenet
