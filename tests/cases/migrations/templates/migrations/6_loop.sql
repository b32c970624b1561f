{% for t in tables %}
DROP TABLE {{ t }};
{% endfor %}
