"""Chooses the parser by content and runs it. Runs inside the sandbox; tests may call it directly."""

from ingestion.parsing.detect import MediaType, declared_mismatch, detect
from ingestion.parsing.request import ParseRequest
from storage.records.parsed_document import ParsedDocument


def parse(request: ParseRequest) -> ParsedDocument:
    """Read a document of any supported format.

    Args:
        request: The file, what it was called, and the limits.

    Returns:
        The document; `metadata["declared_type_mismatch"]` says what it was declared to be if that was wrong.

    Raises:
        ParseError: It cannot be read; type and reason say why.
    """
    media_type = detect(request.path, name=request.name)
    document = _run(media_type, request).model_copy(update={"media_type": media_type})
    declared = declared_mismatch(media_type, name=request.name, declared_type=request.declared_type)
    if declared is None:
        return document
    return document.model_copy(update={"metadata": {**document.metadata, "declared_type_mismatch": declared}})


def _run(media_type: MediaType, request: ParseRequest) -> ParsedDocument:
    # Each parser is imported when first needed: the sandbox starts faster and holds less.
    match media_type:
        case MediaType.PDF:
            from ingestion.parsing.pdf import parse_pdf

            return parse_pdf(request)
        case MediaType.DOCX:
            from ingestion.parsing.docx import parse_docx

            return parse_docx(request)
        case MediaType.XLSX:
            from ingestion.parsing.xlsx import parse_xlsx

            return parse_xlsx(request)
        case MediaType.PPTX:
            from ingestion.parsing.pptx import parse_pptx

            return parse_pptx(request)
        case MediaType.ODT:
            from ingestion.parsing.odt import parse_odt

            return parse_odt(request)
        case MediaType.EPUB:
            from ingestion.parsing.epub import parse_epub

            return parse_epub(request)
        case MediaType.HTML:
            from ingestion.parsing.html import parse_html

            return parse_html(request)
        case MediaType.EML:
            from ingestion.parsing.eml import parse_eml

            return parse_eml(request)
        case MediaType.CSV:
            from ingestion.parsing.csv import parse_csv

            return parse_csv(request)
        case MediaType.MARKDOWN:
            from ingestion.parsing.markdown import parse_markdown

            return parse_markdown(request)
        case MediaType.TEXT:
            from ingestion.parsing.text import parse_text

            return parse_text(request)
        case _:
            from ingestion.parsing.image import parse_image

            return parse_image(request, media_type)
