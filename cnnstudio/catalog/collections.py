"""Forms in which a curated collection is written elsewhere."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.text import Text


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form of the collection. `suffix` is that of its file; "" for a folder."""

    id: str
    label: Text
    help: Text
    suffix: str = ""


FORMS: Final = {form.id: form for form in (
    Form(id="folders", label=Text("Class folders", "Carpetas de clase"),
         help=Text("Copies in train/class, validation/class and test/class, with a list beside them.",
                   "Copias en train/clase, validation/clase y test/clase, con una lista al lado.")),
    Form(id="csv", label=Text("List (CSV)", "Lista (CSV)"), suffix=".csv",
         help=Text("One line per picture: path, label, split, checksum, width, height. The pictures stay where they are.",
                   "Una línea por imagen: ruta, etiqueta, división, suma de comprobación, ancho y alto. Las imágenes quedan "
                   "donde están.")),
    Form(id="zip", label=Text("Zip archive", "Archivo zip"), suffix=".zip",
         help=Text("The class folders and the list in one file.", "Las carpetas de clase y la lista en un solo archivo.")),
    Form(id="tfrecord", label=Text("TFRecord", "TFRecord"),
         help=Text("Records in several files for tf.data, written by TensorFlow.",
                   "Registros en varios archivos para tf.data, escritos por TensorFlow.")),
)}
