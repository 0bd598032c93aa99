"""API v3: comments on messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.access import assigning, current
from inbox.api.v3.common import ANY_ID, MessageId, answer, path, scope
from inbox.api.v3.schemas import Page, Strict, member
from inbox.mailbox import discussion, messages
from inbox.models import Comment
from inbox.serializers import Shape

router = Router()

CommentId = Annotated[str, path("The id of a comment.", ANY_ID)]


class CommentObject(Strict):
    id: UUID = member("The id.", ANY_ID)
    author: str = member("The name of the user who wrote it.", "ann")
    text: str = member("The text, plain.", "The total is wrong again.")
    created_at: datetime = member("When it was written.")


class CommentToAdd(Strict):
    text: str = member(
        "Plain text of at most 2,000 characters.", "The total is wrong again."
    )


@router.get("/{id}/comments", response=Page[CommentObject], summary="List comments")
def find(request: HttpRequest, id: MessageId) -> HttpResponse:
    """The comments on a message, oldest first."""
    found = discussion.comments(messages.get(scope(), id))
    return answer(serializers.page(map(_shape, found), None))


@router.post("/{id}/comments", response={201: CommentObject}, summary="Add a comment")
def add(request: HttpRequest, id: MessageId, given: CommentToAdd) -> HttpResponse:
    """Adds a comment of yours. Needs accounts."""
    made = assigning.comment(current.identity(), messages.get(scope(), id), given.text)
    return answer(_shape(made), 201)


@router.delete(
    "/{id}/comments/{comment}", response={204: None}, summary="Delete a comment"
)
def delete(request: HttpRequest, id: MessageId, comment: CommentId) -> HttpResponse:
    """Removes a comment of yours for good; managers remove those of others, too."""
    message = messages.get(scope(), id)
    found = discussion.comment(message, comment)
    assigning.remove_comment(current.identity(), found, message.inbox_id)
    return HttpResponse(status=204)


def _shape(comment: Comment) -> Shape:
    return {
        "id": str(comment.pk),
        "author": comment.author,
        "text": comment.text,
        "created_at": serializers.stamp(comment.created_at),
    }
