/** LeNet as the paper has it: two 5×5 convolutions of 16 filters, average pooling, linear layers of 32 and 10. */
import { avgPool, conv2d, flatten, leakyRelu, linear, sequential } from "./layers.js";
import { type Model, model } from "./model.js";

/**
 * For images [n, 28, 28, 1] (default) and 10 classes: 15,386 parameters.
 * 28 → conv 5×5 → 24 → pool → 12 → conv 5×5 → 8 → pool → 4; 4·4·16 = 256 → 32 → classes.
 */
export function lenet(options: { channels?: number; classes?: number } = {}): Model {
  const { channels = 1, classes = 10 } = options;
  return model(
    "lenet",
    sequential({
      conv1: conv2d(channels, 16, { kernel: 5 }),
      act1: leakyRelu(),
      pool1: avgPool(),
      conv2: conv2d(16, 16, { kernel: 5 }),
      act2: leakyRelu(),
      pool2: avgPool(),
      flatten: flatten(),
      linear1: linear(256, 32),
      act3: leakyRelu(),
      linear2: linear(32, classes),
    }),
  );
}
