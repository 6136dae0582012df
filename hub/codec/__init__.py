"""Bytes to neutral trees and back, with locations; nothing here knows a partner."""
