"""REST: the person who asks, and their tokens."""

from datetime import timedelta

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from operations.errors import NotAllowed
from users import selectors, services
from users.authentication import scopes_of, user_of
from users.models import ApiToken
from users.serializers import MeSerializer, TokenCreatedSerializer, TokenCreateSerializer, TokenSerializer


class MeView(APIView):
    """The person who asks."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(user_of(request), context={"scopes": scopes_of(request)}).data)


class TokenListView(ListAPIView):
    """A person's tokens; making one needs a session or a token of the scope admin."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()
    filter_backends = []
    required_scope = {"POST": "admin"}

    def get_queryset(self) -> QuerySet[ApiToken]:
        return selectors.tokens_for(user_of(self.request))

    @extend_schema(request=TokenCreateSerializer, responses={201: TokenCreatedSerializer})
    def post(self, request: Request) -> Response:
        asked = TokenCreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        beyond = sorted(set(asked.validated_data["scopes"]) - set(scopes_of(request)))
        if beyond:
            raise NotAllowed("SCOPE_MISSING", "A token cannot make one that may do more than itself.", scopes=beyond)
        token, text = services.token_create(
            user=user_of(request),
            name=asked.validated_data["name"],
            scopes=asked.validated_data["scopes"],
            expires_in=timedelta(days=asked.validated_data["expires_in_days"]),
        )
        token.token = text
        return Response(TokenCreatedSerializer(token).data, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """One token of the person who asks."""

    required_scope = {"DELETE": "admin"}

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, token_id: int) -> Response:
        return Response(TokenSerializer(selectors.token_get_for(user_of(request), token_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        token = selectors.token_get_for(user_of(request), token_id)
        services.token_revoke(token=token, actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
