"""What `centernet predict` makes beside its output: overlays, the report, annotated PDFs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from centernet_cli.core.records import Failure, PageInfo
    from centernet_cli.inference.output import Target
    from centernet_cli.inference.sinks.sink import Header, SeenPage
    from centernet_cli.pages.options import PageOptions
    from centernet_cli.rendering.overlay_folder import OverlayFolder
    from centernet_cli.rendering.page_pictures import PictureWork
    from centernet_cli.rendering.pdf_folder import PdfFolder
    from centernet_cli.rendering.predict_report import PredictReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraPaths:
    """Where they go, as the user said; None: they are not made.

    Attributes:
        overlay: Folder of pictures.
        report: HTML file.
        copies: Folder of annotated PDFs, or a file.
    """

    overlay: Path | None = None
    report: Path | None = None
    copies: str | None = None

    @property
    def copies_folder(self) -> bool:
        """Say whether the copies go into a folder."""
        text = self.copies or ""
        return text.endswith((os.sep, "/")) or Path(text).is_dir() or Path(text).suffix.lower() != ".pdf"

    def places(self) -> list[Path]:
        """Return all of them."""
        copies = None if self.copies is None else Path(self.copies)
        return [place for place in (self.overlay, self.report, copies) if place is not None]

    def check(self, target: Target, inputs: Collection[str], *, force: bool) -> None:
        """Find out before the long work whether they can and may be written.

        Raises:
            UsageError: U717, two of them, or one and the output, are the same file.
            OutputError: O801 cannot be written; O802 is an input; O803 would replace somebody else's data.
        """
        from centernet_cli.inference.output import Target as Place
        from centernet_cli.inference.output import check_file, check_folder, check_output

        files = [path for path in (target.path, self.report) if path is not None]
        if self.copies is not None and not self.copies_folder:
            files.append(Path(self.copies))
        real = [os.path.realpath(path) for path in files]
        for path, name in zip(files, real, strict=True):
            if real.count(name) > 1:
                raise UsageError("U717", "two outputs of the same name", path=path, hint="give each a name of its own")
            if name in inputs:
                raise OutputError("O802", "the output is one of the inputs", path=path, hint="choose another name")
        if self.overlay is not None:
            check_folder(self.overlay)
        if self.report is not None:
            from centernet_cli.rendering.own_files import is_report

            check_file(self.report, is_report, force=force)
        if self.copies is None:
            return
        if self.copies_folder:
            check_output(Place("labelme", Path(self.copies), is_folder=True), inputs, force=force)
        else:
            check_file(Path(self.copies), None, force=force)

    def open(
        self, target: Target, inputs: Sequence[Path], real_inputs: Collection[str], password: str | None
    ) -> PredictExtras:
        """Return what takes the pages."""
        from centernet_cli.inference.sinks.page_formats import PAGE_FORMATS

        # Each with what it needs to draw: without any of them a single page comes sooner.
        overlay, report, copies = None, None, None
        if self.overlay is not None:
            from centernet_cli.rendering.overlay_folder import OverlayFolder

            overlay = OverlayFolder(self.overlay, inputs)
        if self.report is not None:
            from centernet_cli.rendering.predict_report import PredictReport

            report = PredictReport(self.report)
        if self.copies is not None:
            from centernet_cli.rendering.pdf_folder import PdfFolder

            copies = PdfFolder(Path(self.copies), is_folder=self.copies_folder, inputs=real_inputs, password=password)
        form = PAGE_FORMATS.get(target.kind)
        return PredictExtras(
            pictures=form is not None and form.pictures and target.is_folder,
            overlay=overlay,
            report=report,
            copies=copies,
        )


@dataclass(slots=True, kw_only=True)
class PredictExtras:
    """Takes the pages of a run, in input order, beside its sink."""

    overlay: OverlayFolder | None = None
    report: PredictReport | None = None
    copies: PdfFolder | None = None
    pictures: bool = False
    """Whether the output wants pictures of pages of documents."""
    _classes: tuple[str, ...] = ()

    @property
    def any_work(self) -> bool:
        """Whether anything is made of pages' pixels."""
        return self.overlay is not None or self.report is not None or self.pictures

    def work(self, info: PageInfo, classes: Sequence[str], *, joint: bool) -> PictureWork | None:
        """Return what to make of a page's pixels, as long as they are there; asked in input order.

        Args:
            info: The page.
            classes: Of the model.
            joint: Whether other models' boxes are still to come.
        """
        whole = self.pictures and info.page is not None
        if self.overlay is None and self.report is None and not whole:
            return None
        from centernet_cli.rendering.page_pictures import PictureWork

        draw = None if self.overlay is None or joint else self.overlay.work(info, classes)
        return PictureWork(
            overlay=draw,
            small=self.report is not None,
            plain=joint and self.overlay is not None,
            whole=whole,
        )

    def with_picture(self, page: SeenPage, made: object, options: PageOptions) -> SeenPage:
        """Return a page with its pixels, where the output wants them.

        Args:
            page: What was found.
            made: What `work` made; of a page that an earlier run did, nothing: it is read again.
            options: How it is read.
        """
        info = page.record.info
        if not self.pictures or info.page is None:
            return page
        from centernet_cli.rendering.page_pictures import Pictures, PictureWork, page_of

        if not isinstance(made, Pictures):
            from centernet_cli.core.records import Page
            from centernet_cli.pages.source import read_pages

            read = next(iter(read_pages(Path(info.source), replace(options, pages=((info.page, info.page),)))), None)
            if not isinstance(read, Page):
                return page  # it cannot be read any more
            made = PictureWork(whole=True)(read, ())  # by the same way, for the same bytes
        return page if made.whole is None else replace(page, page=page_of(info, made.whole))

    def start(self, header: Header) -> None:
        """Learn the classes and facts of the run."""
        self._classes = header.classes
        if self.report is not None:
            self.report.start(header.classes, header.info)
        if self.copies is not None:
            self.copies.start(header.classes)

    def add(self, page: SeenPage, made: object) -> Failure | None:
        """Take the next page and what `work` made of it; return what went wrong with a PDF's copy, if anything did."""
        record, small = page.record, None
        if made is not None:  # as of a page that an earlier run did
            from centernet_cli.rendering.page_pictures import Pictures, page_of

            assert isinstance(made, Pictures)
            small = made.small
            if made.plain is not None and self.overlay is not None:
                self.overlay.write(page_of(record.info, made.plain), record.annotations, self._classes)
        if self.report is not None:
            self.report.add(record, small, network_size=page.network_size, capped=page.capped)
        return None if self.copies is None else self.copies.add(record)

    def fail(self, failure: Failure) -> None:
        """Take what could not be read or processed."""
        if self.report is not None:
            self.report.fail(failure)

    def last_copy(self) -> Failure | None:
        """Write the copy of the last PDF; return what went wrong with it, if anything did."""
        return None if self.copies is None else self.copies.finish()

    def finish(self) -> None:
        """Write the report, after the last `fail`."""
        if self.report is not None:
            self.report.finish()

    def discard(self) -> None:
        """Forget what is not written yet."""
        if self.report is not None:
            self.report.discard()
