"""Minimal programs that use an export: in Python for every format, for ONNX and LiteRT for a browser or a phone, too.

A Python program is complete: it prepares the picture as the recipe says, and prints the classes with their probabilities.
"""

from __future__ import annotations

import json
from typing import Final

from cnnstudio.catalog.exporters.entry import Example, ExampleFacts
from cnnstudio.core.text import Text

_PYTHON: Final = Text("Python", "Python")


def _python(imports: str, opening: str, predicting: str) -> tuple[Example, ...]:
    """A program that opens the export ("PATH" stands for its path) and gives `answers`, the outputs for `pixels`."""

    def source(facts: ExampleFacts) -> str:
        opened = opening.replace("PATH", f"r{facts.path!r}" if "\\" in facts.path else repr(facts.path))
        return (f"import sys\n\nimport cv2\nimport numpy as np\n{imports}\nCLASSES = {list(facts.class_names)!r}\n\n\n"
                f"{facts.prepare}\n\n\n{opened}\n"
                "pixels = prepare(sys.argv[1])[None].astype(np.float32)  # (1, height, width, channels), 0 to 255\n"
                f"{predicting}\n"
                "answers = np.asarray(answers)[0]\n"
                "if len(answers) == 1:  # one output: the probability of the second class\n"
                "    answers = np.array([1 - answers[0], answers[0]])\n"
                "for number in np.argsort(-answers)[:5]:\n"
                '    print(f"{CLASSES[number]}: {answers[number]:.2%}")\n')

    return (Example(id="python", label=_PYTHON, language="python", source=source, runs=True),)


def _names(facts: ExampleFacts) -> str:
    return json.dumps(list(facts.class_names), ensure_ascii=False)


def _browser(facts: ExampleFacts) -> str:
    recipe, channels = facts.recipe, facts.recipe.channels
    pick = {1: "pixels[k] = 0.299 * data[4 * k] + 0.587 * data[4 * k + 1] + 0.114 * data[4 * k + 2];",
            3: "for (let c = 0; c < 3; c++) pixels[3 * k + c] = data[4 * k + c];",
            4: "for (let c = 0; c < 4; c++) pixels[4 * k + c] = data[4 * k + c];"}[channels]
    return f"""<!-- npm install onnxruntime-web, and put model.onnx beside this page -->
<input type="file" id="file" accept="image/*"><pre id="answer"></pre>
<script type="module">
import * as ort from "onnxruntime-web";
const classes = {_names(facts)};
const session = await ort.InferenceSession.create("model.onnx");
document.getElementById("file").onchange = async (event) => {{
  // A canvas scales a little differently from the program; the recipe is in the model's metadata (cnnstudio.json).
  const canvas = new OffscreenCanvas({recipe.width}, {recipe.height});
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(await createImageBitmap(event.target.files[0]), 0, 0, {recipe.width}, {recipe.height});
  const data = context.getImageData(0, 0, {recipe.width}, {recipe.height}).data;
  const pixels = new Float32Array({recipe.width * recipe.height * channels});
  for (let k = 0; k < {recipe.width * recipe.height}; k++) {{ {pick} }}
  const input = new ort.Tensor("float32", pixels, [1, {recipe.height}, {recipe.width}, {channels}]);
  let {{ probabilities }} = await session.run({{ pixels: input }});
  let answers = [...probabilities.data];
  if (answers.length === 1) answers = [1 - answers[0], answers[0]];
  const order = answers.map((p, k) => [p, classes[k]]).sort((a, b) => b[0] - a[0]);
  document.getElementById("answer").textContent =
    order.slice(0, 5).map(([p, name]) => `${{name}}: ${{(100 * p).toFixed(1)}} %`).join("\\n");
}};
</script>
"""


def _android(facts: ExampleFacts) -> str:
    recipe, channels = facts.recipe, facts.recipe.channels
    put = {1: "input.putFloat(0.299f * Color.red(c) + 0.587f * Color.green(c) + 0.114f * Color.blue(c))",
           3: "for (v in intArrayOf(Color.red(c), Color.green(c), Color.blue(c))) input.putFloat(v.toFloat())",
           4: "for (v in intArrayOf(Color.red(c), Color.green(c), Color.blue(c), 255)) input.putFloat(v.toFloat())"}[channels]
    count = max(1, len(facts.class_names))
    return f"""// build.gradle: implementation("com.google.ai.edge.litert:litert:1.4.0"); model.tflite and labels.txt in assets/
import android.content.Context
import android.graphics.Bitmap
import android.graphics.Color
import com.google.ai.edge.litert.Interpreter
import java.nio.ByteBuffer
import java.nio.ByteOrder

fun classify(context: Context, picture: Bitmap): List<Pair<String, Float>> {{
    val labels = context.assets.open("labels.txt").bufferedReader().readLines()
    val bytes = context.assets.open("model.tflite").readBytes()
    val model = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).also {{ it.rewind() }}
    // Bitmap scales a little differently from the program; the recipe is in cnnstudio.json inside the file.
    val scaled = Bitmap.createScaledBitmap(picture, {recipe.width}, {recipe.height}, true)
    val input = ByteBuffer.allocateDirect(4 * {recipe.width * recipe.height * channels}).order(ByteOrder.nativeOrder())
    for (y in 0 until {recipe.height}) for (x in 0 until {recipe.width}) {{
        val c = scaled.getPixel(x, y)
        {put}
    }}
    input.rewind()
    Interpreter(model).use {{ interpreter ->
        val output = Array(1) {{ FloatArray(interpreter.getOutputTensor(0).shape()[1]) }}
        interpreter.run(input, output)
        val p = output[0].let {{ if (it.size == 1 && {count} == 2) floatArrayOf(1 - it[0], it[0]) else it }}
        return labels.zip(p.toList()).sortedByDescending {{ it.second }}
    }}
}}
"""


BUNDLE: Final = (
    Example(id="shell", label=Text("Terminal", "Terminal"), language="shell", source=lambda facts: (
        f'cd "{facts.path}"\npip install -r requirements.txt\npython predict.py --verify\n'
        "python predict.py FOLDER --json > answers.jsonl\n")),
    Example(id="python", label=_PYTHON, language="python", runs=True, source=lambda facts: (
        f"import sys\n\nsys.path.insert(0, {facts.path!r})\nfrom predict import answers\n\n"
        "for answer in answers(sys.argv[1:], top=5):\n    print(answer)\n")),
)
KERAS: Final = _python("import keras\n", "model = keras.saving.load_model(PATH)", "answers = model.predict_on_batch(pixels)")
SAVED_MODEL: Final = _python("import tensorflow as tf\n", "model = tf.saved_model.load(PATH)",
                             'answers = model.signatures["serving_default"](pixels=tf.constant(pixels))["probabilities"]')
ONNX: Final = (
    *_python("import onnxruntime\n", 'session = onnxruntime.InferenceSession(PATH, providers=["CPUExecutionProvider"])',
             'answers = session.run(["probabilities"], {"pixels": pixels})[0]'),
    Example(id="browser", label=Text("Browser", "Navegador"), language="javascript", source=_browser),
)
ONNX_PICTURES: Final = (Example(id="python", label=_PYTHON, language="python", runs=True, source=lambda facts: (
    "import sys\n\nimport numpy as np\nimport onnxruntime\nfrom onnxruntime_extensions import get_library_path\n\n"
    f"CLASSES = {list(facts.class_names)!r}\noptions = onnxruntime.SessionOptions()\n"
    "options.register_custom_ops_library(get_library_path())\n"
    f"session = onnxruntime.InferenceSession({facts.path!r}, options)\n"
    'answers = session.run(["probabilities"], {"picture": np.fromfile(sys.argv[1], np.uint8)})[0][0]\n'
    "if len(answers) == 1:  # one output: the probability of the second class\n"
    "    answers = np.array([1 - answers[0], answers[0]])\n"
    "for number in np.argsort(-answers)[:5]:\n"
    '    print(f"{CLASSES[number]}: {answers[number]:.2%}")\n')),)
LITERT: Final = (
    *_python("from ai_edge_litert.interpreter import Interpreter\n",
             'model = Interpreter(model_path=PATH).get_signature_runner("serving_default")',
             'answers = model(pixels=pixels)["probabilities"]'),
    Example(id="android", label=Text("Android", "Android"), language="kotlin", source=_android),
)
OPENVINO: Final = _python(
    "import openvino\n",
    'model = openvino.Core().compile_model(PATH + "/model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})',
    'answers = model({"pixels": pixels})["probabilities"]')
TORCH_EXPORT: Final = _python("import torch\n", "model = torch.export.load(PATH).module()",
                              "with torch.no_grad():\n    answers = model(torch.from_numpy(pixels)).numpy()")
KERAS_SOURCE: Final = _python("", "sys.path.insert(0, PATH)\nfrom network import load_weights, model\n\n"
                              'load_weights(model, PATH + "/weights.npz")', "answers = model.predict_on_batch(pixels)")
TORCH_SOURCE: Final = _python(
    "import torch\n", "sys.path.insert(0, PATH)\nfrom network import Network, load_weights\n\nmodel = Network()\n"
    'load_weights(model, PATH + "/weights.npz")\nmodel.eval()',
    "with torch.no_grad():  # channels first\n"
    "    answers = model(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())).numpy()")
