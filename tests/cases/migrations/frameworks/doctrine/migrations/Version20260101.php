<?php
use Doctrine\Migrations\AbstractMigration;
