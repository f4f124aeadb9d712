"""Formats that are one model: Keras, SavedModel, ONNX, OpenVINO and torch.export."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.backends import TORCH
from cnnstudio.catalog.exporters import examples
from cnnstudio.catalog.exporters.entry import Content, Exporter, same
from cnnstudio.catalog.exporters.libraries import ONNX_EXTENSIONS, ONNX_RUNTIME, TF2ONNX
from cnnstudio.catalog.exporters.libraries import OPENVINO as OPENVINO_LIBRARY
from cnnstudio.core.text import Text

_CERTIFICATE: Final = Content("NAME.check.json", Text("the certificate, beside the file", "el certificado, junto al archivo"))
_PIXELS: Final = Text("the input: float32 (n, height, width, channels) from 0 to 255; the output is called probabilities",
                      "la entrada: float32 (n, alto, ancho, canales) de 0 a 255; la salida se llama probabilities")

KERAS: Final = Exporter(
    id="keras", label=Text("Keras model", "Modelo de Keras"), suffix=".keras",
    writer="cnnstudio.engine.exporting.keras_writers:write_model", opener="cnnstudio.engine.exporting.reopened:open_keras",
    recognizer="cnnstudio.engine.exporting.keras_writers:is_our_model",
    help=Text("One .keras file for Keras 3. It takes pixels from 0 to 255 and contains the recipe and the "
              "classes.",
              "Un archivo .keras para Keras 3. Recibe píxeles de 0 a 255 y contiene la receta y las clases."),
    contents=(
        Content("model.weights.h5, config.json", Text("the model with its normalisation; takes pixels from 0 to "
                                                      "255",
                                                      "el modelo con su normalización; recibe píxeles de 0 a 255")),
        Content("cnnstudio.json", Text("recipe and classes, inside the same file",
                                       "la receta y las clases, dentro del mismo archivo")),
        Content("keras.saving.load_model", Text("opens the model, with any backend of Keras 3",
                                                "abre el modelo, con cualquier motor de Keras 3")),
        _CERTIFICATE),
    usage=lambda path: same(f"keras.saving.load_model({path!r})"), examples=examples.KERAS, as_model=True)

SAVED_MODEL: Final = Exporter(
    id="savedmodel", label=Text("SavedModel", "SavedModel"),
    writer="cnnstudio.engine.exporting.saved_model_writers:write_saved_model",
    opener="cnnstudio.engine.exporting.reopened:open_saved_model", backend="tensorflow",
    help=Text("A folder for TensorFlow Serving, TensorFlow in C++, Java or Go, and converters. It needs no Keras.",
              "Una carpeta para TensorFlow Serving, TensorFlow en C++, Java o Go y conversores. No necesita Keras."),
    contents=(
        Content("saved_model.pb, variables/", Text("the graph with the signature serving_default, and the weights",
                                                   "el grafo con la firma serving_default y los pesos")),
        Content("pixels → probabilities", _PIXELS),
        Content("assets.extra/cnnstudio.json", Text("recipe and classes", "la receta y las clases")),
        Content("check.json, expected.json", Text("the certificate", "el certificado"))),
    usage=lambda path: same(f"tf.saved_model.load({path!r}).signatures['serving_default']"), examples=examples.SAVED_MODEL)

ONNX: Final = Exporter(
    id="onnx", label=Text("ONNX", "ONNX"), suffix=".onnx", writer="cnnstudio.engine.exporting.onnx_writers:write_onnx",
    opener="cnnstudio.engine.exporting.reopened:open_onnx", backend="tensorflow", tolerance=1e-4,
    recognizer="cnnstudio.engine.exporting.onnx_writers:is_our_model", libraries=(TF2ONNX, ONNX_RUNTIME),
    help=Text("One .onnx file for ONNX Runtime, browsers, .NET, C++ and many devices.",
              "Un archivo .onnx para ONNX Runtime, navegadores, .NET, C++ y muchos dispositivos."),
    contents=(
        Content("pixels → probabilities", _PIXELS),
        Content("metadata_props", Text("cnnstudio.json (recipe, classes, calibration) and class_names, inside the same file",
                                       "cnnstudio.json (receta, clases, calibración) y class_names, dentro del mismo "
                                       "archivo")),
        _CERTIFICATE),
    usage=lambda path: same(f"onnxruntime.InferenceSession({path!r})"), examples=examples.ONNX, as_model=True)

ONNX_PICTURES: Final = Exporter(
    id="onnx_pictures", label=Text("ONNX from files", "ONNX desde archivos"), suffix=".onnx",
    writer="cnnstudio.engine.exporting.onnx_pictures:write_onnx_pictures",
    opener="cnnstudio.engine.exporting.onnx_pictures:open_onnx_pictures", backend="tensorflow",
    recognizer="cnnstudio.engine.exporting.onnx_writers:is_our_model",
    libraries=(TF2ONNX, ONNX_RUNTIME, ONNX_EXTENSIONS),
    # The graph's own decoder and resizing are not those of the program.
    tolerance=1.0, mean_tolerance=0.05, least_agreement=0.95, prepares_pictures=True,
    help=Text("One .onnx file that takes the bytes of a JPEG or PNG file: decoding, orientation of colours and resizing are in "
              "the graph (onnxruntime-extensions). It answers nearly, not exactly, as the trained model: the certificate says "
              "how nearly.",
              "Un archivo .onnx que recibe los bytes de un archivo JPEG o PNG: la decodificación, los colores y el cambio de "
              "tamaño están en el grafo (onnxruntime-extensions). Responde casi, no exactamente, como el modelo entrenado: el "
              "certificado dice cuánto."),
    contents=(
        Content("picture → probabilities", Text("the input: the bytes of a file, uint8 (length,); the output (1, outputs)",
                                                "la entrada: los bytes de un archivo, uint8 (longitud,); la salida "
                                                "(1, salidas)")),
        Content("metadata_props", Text("cnnstudio.json and class_names, inside the same file",
                                       "cnnstudio.json y class_names, dentro del mismo archivo")),
        _CERTIFICATE),
    usage=lambda path: same(f"onnxruntime.InferenceSession({path!r}, options)  # with onnxruntime_extensions"),
    examples=examples.ONNX_PICTURES)

OPENVINO: Final = Exporter(
    id="openvino", label=Text("OpenVINO", "OpenVINO"), writer="cnnstudio.engine.exporting.saved_model_writers:write_openvino",
    opener="cnnstudio.engine.exporting.reopened:open_openvino", backend="tensorflow", tolerance=1e-4,
    libraries=(OPENVINO_LIBRARY,),
    help=Text("A folder for Intel's processors, graphics and neural units. On some processors OpenVINO computes in bfloat16 "
              "unless INFERENCE_PRECISION_HINT is f32, as in the examples.",
              "Una carpeta para los procesadores, gráficas y unidades neuronales de Intel. En algunos procesadores OpenVINO "
              "calcula en bfloat16 si INFERENCE_PRECISION_HINT no es f32, como en los ejemplos."),
    contents=(
        Content("model.xml, model.bin", Text("the network and its weights in float32", "la red y sus pesos en float32")),
        Content("pixels → probabilities", _PIXELS),
        Content("rt_info", Text("cnnstudio/card (recipe, classes, calibration) and model_info/labels, inside model.xml",
                                "cnnstudio/card (receta, clases, calibración) y model_info/labels, dentro de model.xml")),
        Content("check.json, expected.json", Text("the certificate", "el certificado"))),
    usage=lambda path: same(f"openvino.Core().compile_model(r{path + '/model.xml'!r}, 'CPU')"), examples=examples.OPENVINO,
    as_model=True)

TORCH_EXPORT: Final = Exporter(
    id="torch_export", label=Text("PyTorch program", "Programa de PyTorch"), suffix=".pt2",
    writer="cnnstudio.engine.exporting.torch_export_writers:write_torch_export",
    opener="cnnstudio.engine.exporting.reopened:open_torch_export", backend="torch", tolerance=1e-4,
    recognizer="cnnstudio.engine.exporting.torch_export_writers:is_our_program", libraries=(TORCH,),
    help=Text("One .pt2 file of torch.export: the network as operations of PyTorch with its weights, without source code. It "
              "runs without Keras, also in C++ once it is compiled.",
              "Un archivo .pt2 de torch.export: la red como operaciones de PyTorch con sus pesos, sin código fuente. Funciona "
              "sin Keras, también en C++ una vez compilado."),
    contents=(
        Content("pixels → probabilities", _PIXELS),
        Content("cnnstudio.json", Text("recipe and classes, an extra file inside", "la receta y las clases, un archivo "
                                                                                  "adicional dentro")),
        _CERTIFICATE),
    usage=lambda path: same(f"torch.export.load({path!r}).module()"), examples=examples.TORCH_EXPORT)
