"""Shapes of people and tokens on the wire."""

from rest_framework import serializers

from users.models import ApiToken, Scope, User

EXPIRY_DAYS_MAX = 366


class TokenSerializer(serializers.ModelSerializer):
    """A token as its owner sees it; the text itself is not kept."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), read_only=True)
    created_at = serializers.DateTimeField(source="created", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry", read_only=True, allow_null=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scopes", "created_at", "expires_at", "last_used_on"]
        read_only_fields = fields


class TokenCreateSerializer(serializers.Serializer):
    """What a new token shall be."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False, max_length=3
    )
    expires_in_days = serializers.IntegerField(min_value=1, max_value=EXPIRY_DAYS_MAX, default=90)


class TokenCreatedSerializer(TokenSerializer):
    """A new token with its text, shown this once."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class MeSerializer(serializers.ModelSerializer):
    """The person who asks."""

    scopes = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "site_role", "scopes"]
        read_only_fields = fields

    def get_scopes(self, user: User) -> list[str]:
        return list(self.context["scopes"])
