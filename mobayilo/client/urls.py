"""The addresses at which customers get moby."""

from django.urls import path

from mobayilo.client import views

app_name = "client"

urlpatterns = [
    path("", views.install, name="install"),
    path("install.sh", views.installer, name="installer"),
    path("requirements.txt", views.requirements, name="requirements"),
    path("<str:file_name>", views.wheel, name="wheel"),
]
