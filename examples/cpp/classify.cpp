/* SPDX-License-Identifier: MIT */
// classify MODEL [-w WEIGHTS] PICTURE...: the classes of pictures, the most probable first.
//
// The same as the example in C, without a line that frees anything.
#include "densenet.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

namespace {

void print(const std::string &path, const std::vector<std::string> &classes,
           const std::vector<float> &probabilities) {
    std::vector<std::size_t> order(classes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return probabilities[a] > probabilities[b]; });
    std::printf("%s:", path.c_str());
    for (const std::size_t i : order)
        std::printf(" %s %.4f", classes[i].c_str(), static_cast<double>(probabilities[i]));
    std::putchar('\n');
}

// Whether the fault lies in the picture, so that the others can still be judged.
bool is_of_the_picture(dn_status status) {
    return status >= DN_ERR_IMAGE_EMPTY || status == DN_ERR_NOT_FOUND || status == DN_ERR_PERMISSION ||
           status == DN_ERR_FILE_KIND;
}

int classify(const std::string &model, const std::string &weights_path,
             const std::vector<std::string> &paths) {
    densenet::weights_handle weights;
    if (!weights_path.empty()) weights = densenet::load_weights(weights_path);
    densenet::classifier classifier(model, weights.get());
    weights.reset();

    const std::vector<std::string> classes = classifier.classes();
    int code = 0;
    for (const std::string &path : paths) {
        try {
            print(path, classes, classifier.predict(densenet::image(path)));
        } catch (const densenet::error &error) {
            if (!is_of_the_picture(error.status())) throw;
            std::fprintf(stderr, "classify: %s\n", error.what());
            code = 1;
        }
    }
    return code;
}

} // namespace

int main(int argc, char **argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    std::string weights;
    if (arguments.size() > 2 && arguments[1] == "-w") {
        weights = arguments[2];
        arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
    }
    if (arguments.size() < 2) {
        std::fputs("usage: classify MODEL [-w WEIGHTS] PICTURE...\n", stderr);
        return 2;
    }
    const std::string model = arguments[0];
    arguments.erase(arguments.begin());
    try {
        return classify(model, weights, arguments);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "classify: %s\n", error.what());
        return 2;
    }
}
